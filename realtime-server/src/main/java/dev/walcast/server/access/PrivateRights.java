package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.cdc.supervisor.ThreadStarter;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.access.RecheckTurns.Turn;
import dev.walcast.server.access.RightsRound.Asked;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.health.HealthSource;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.ClientLimits;
import dev.walcast.server.protocol.Refusal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Rechecks the rights of private channels for as long as they live: every `PRIVATE_RECHECK`, and soon after
/// [#recheckSoon()]. Channels with the same question share it.
///
/// Its own thread asks the oldest question first, [TopicQuestions#recheckAtOnce()] at a time, and pauses after each
/// pass so that joins get their answers. Clients take turns, and each has a share of the questions asked at once
/// ([RecheckTurns]). This class never extends a right by itself: rights that it does not confirm in time no longer
/// count ([#isTrusted]), also when its thread hangs or dies. Safe for any thread.
public final class PrivateRights implements HealthSource, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PrivateRights.class);
    private static final Duration LOOK_EVERY_MAX = Duration.ofSeconds(1);
    private static final Duration RETRY_MAX = Duration.ofSeconds(5);
    private static final long HEALTH_NANOS = 1_000_000_000L;

    /// A question.
    ///
    /// @param presence whether presence is asked about
    record Asking(TopicQuestion question, boolean presence) {
        Asking {
            requireNonNull(question, "question is null");
        }
    }

    /// An answer of the database.
    public record Answered(Asking key, Asked asked, TopicAnswer<TopicAccess> answer) {
        public Answered {
            requireNonNull(key, "key is null");
            requireNonNull(asked, "asked is null");
            requireNonNull(answer, "answer is null");
        }
    }

    /// A channel whose rights are asked again.
    public interface Member {
        /// Called by the thread that asked; must not block.
        void onAnswer(Answered answered);
    }

    /// All members with the same question. Guarded by the lock.
    private static final class Group {
        private final Asking key;
        private final Map<Member, ClientKey> members = new HashMap<>(2);
        private boolean isAsked;
        private Asked asked;
        private long dueNanos;
        private long retryNanos;

        private Group(Asking key, Asked asked, long dueNanos) {
            this.key = key;
            this.asked = asked;
            this.dueNanos = dueNanos;
            this.retryNanos = asked.nanos();
        }

        private boolean isDue(long nowNanos, long round) {
            return !isAsked && nowNanos - retryNanos >= 0 && (nowNanos - dueNanos >= 0 || asked.round() < round);
        }
    }

    private final ThreadStarter threads;
    private final TopicQuestions questions;
    private final Duration recheck;
    private final Duration trusted;
    private final LongSupplier nanoTime;
    private final RightsRound rounds;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final Map<Asking, Group> groups = new HashMap<>();

    @GuardedBy("lock")
    private final RecheckTurns<Group> turns;

    @GuardedBy("lock")
    private long filledNanos;

    @GuardedBy("lock")
    private boolean closed;

    @GuardedBy("lock")
    private boolean failing;

    @GuardedBy("lock")
    private boolean stale;

    @GuardedBy("lock")
    private long staleLookedNanos;

    @GuardedBy("lock")
    private long withheldNanos;

    @GuardedBy("lock")
    private boolean withheld;

    private volatile @Nullable Supervised supervised;

    /// @param nanoTime a monotonic clock, in nanoseconds
    public PrivateRights(TopicQuestions questions, ClientLimits limits, LongSupplier nanoTime) {
        this(questions, limits, ThreadStarter.VIRTUAL, nanoTime);
    }

    PrivateRights(TopicQuestions questions, ClientLimits limits, ThreadStarter threads, LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.rounds = new RightsRound(nanoTime);
        this.staleLookedNanos = nanoTime.getAsLong() - HEALTH_NANOS;
        this.threads = requireNonNull(threads, "threads is null");
        this.questions = requireNonNull(questions, "questions is null");
        this.recheck = limits.privateRecheck();
        this.trusted = recheck.plus(limits.privateGrace());
        this.turns = new RecheckTurns<>(limits.shareOf(questions.recheckAtOnce()));
    }

    /// Starts the thread, under the supervisor. Call it once.
    public void start(Supervisor supervisor) {
        supervised = supervisor.startObserved("confirm-private-rights", this::run);
    }

    /// Asks all rights again, because something that decides about private topics changed: a policy or grant of
    /// `realtime.messages`, or a row of a table that its policies read. This class asks about reads; writes
    /// are asked with the next push. Calls within 250 ms count as one. Never blocks.
    public void recheckSoon() {
        if (rounds.end()) {
            synchronized (lock) {
                lock.notifyAll();
            }
        }
    }

    // -- what is known

    /// Call it before a question is asked.
    Asked ask() {
        return rounds.ask();
    }

    /// Whether an answer to this question may be used without asking again.
    boolean isCurrent(Asked asked) {
        return rounds.isCurrent(asked, recheck);
    }

    /// Whether an answer to this question may still be used to deliver.
    boolean isTrusted(Asked asked) {
        return rounds.ageNanos(asked) < trusted.toNanos();
    }

    /// Counts something that was withheld because its rights were not confirmed in time.
    void countWithheld() {
        synchronized (lock) {
            withheld = true;
            withheldNanos = nanoTime.getAsLong();
        }
    }

    // -- who is asked about

    /// @param client takes turns with the other clients
    /// @param asked  when the member itself asked last
    void add(Member member, ClientKey client, Asking key, Asked asked) {
        synchronized (lock) {
            Group group = groups.computeIfAbsent(key, _ -> new Group(key, asked, asked.nanos() + spread(0.5)));
            group.members.put(member, client);
            if (asked.round() < group.asked.round()) {
                group.asked = new Asked(group.asked.nanos(), asked.round());
                lock.notifyAll();
            }
        }
    }

    void remove(Member member, Asking key) {
        synchronized (lock) {
            Group group = groups.get(key);
            if (group != null && group.members.remove(member) != null && group.members.isEmpty()) {
                groups.remove(key);
            }
        }
    }

    /// How many different questions are asked repeatedly.
    public int size() {
        synchronized (lock) {
            return groups.size();
        }
    }

    /// A random part of the period, so that questions that began together spread out.
    private long spread(double from) {
        return (long) (recheck.toNanos() * ThreadLocalRandom.current().nextDouble(from, 1));
    }

    // -- the thread

    /// Returns when this is closed. Throws only on an internal failure. While questions are under way this task makes
    /// progress when one begins or ends: each waits for its turn and for Postgres, for a bounded time.
    void run(TaskActivity activity) throws InterruptedException {
        while (awaitDue(activity)) {
            long beganNanos = nanoTime.getAsLong();
            pass(activity, beganNanos + recheck.toNanos());
            // bound: a tenth of PRIVATE_RECHECK
            try (TaskActivity.Span _ = activity.waits()) {
                pause(nanoTime.getAsLong() - beganNanos);
            }
        }
    }

    /// @return false when it is closed
    private boolean awaitDue(TaskActivity activity) throws InterruptedException {
        long tickMillis = Math.clamp(recheck.dividedBy(30).toMillis(), 10, LOOK_EVERY_MAX.toMillis());
        synchronized (lock) {
            while (!closed) {
                activity.beat();
                fill();
                if (!turns.isEmpty()) {
                    return true;
                }
                lock.wait(Math.min(tickMillis, RightsRound.MIN.toMillis()));
            }
            return false;
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void fill() {
        long now = nanoTime.getAsLong();
        long round = rounds.current();
        filledNanos = now;
        turns.fill(groups.values().stream()
                .filter(group -> group.isDue(now, round))
                .sorted(Comparator.comparingLong(group -> group.asked.nanos() - now))
                .map(group -> new RecheckTurns.Waiting<>(group, Set.copyOf(group.members.values())))
                .toList());
    }

    /// Asks what is due, and what becomes due meanwhile. Begins no question after the deadline.
    private void pass(TaskActivity activity, long deadlineNanos) throws InterruptedException {
        for (Turn<Group> turn = next(deadlineNanos); turn != null; turn = next(deadlineNanos)) {
            activity.beat();
            if (!tryStart(turn, activity)) {
                end(turn, activity);
                pause(RightsRound.MIN.toNanos());
                return; // the others are due as before
            }
        }
    }

    /// Waits until a question may be asked.
    ///
    /// @return null when the pass is over
    private @Nullable Turn<Group> next(long deadlineNanos) throws InterruptedException {
        synchronized (lock) {
            while (!closed) {
                long now = nanoTime.getAsLong();
                Turn<Group> turn = now - deadlineNanos < 0 ? nextAt(now) : null;
                if (turn != null) {
                    turn.question().isAsked = true;
                    return turn;
                }
                if (turns.asking() == 0) {
                    return null;
                }
                lock.wait(RightsRound.MIN.toMillis());
            }
            return null;
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private @Nullable Turn<Group> nextAt(long now) {
        if (now - filledNanos >= LOOK_EVERY_MAX.toNanos()) {
            fill();
        }
        return turns.asking() < questions.recheckAtOnce() ? turns.next() : null;
    }

    private void end(Turn<Group> turn, TaskActivity activity) {
        synchronized (lock) {
            turns.end(turn);
            turn.question().isAsked = false;
            activity.beat();
            lock.notifyAll();
        }
    }

    /// Pauses as long as the pass took, within bounds: rechecks take at most half of their share.
    private void pause(long tookNanos) throws InterruptedException {
        long most = Math.max(RightsRound.MIN.toNanos(), recheck.dividedBy(10).toNanos());
        long untilNanos = nanoTime.getAsLong() + Math.clamp(tookNanos, 0, most);
        synchronized (lock) {
            for (long left = untilNanos - nanoTime.getAsLong();
                    left > 0 && !closed;
                    left = untilNanos - nanoTime.getAsLong()) {
                lock.wait(left / 1_000_000 + 1);
            }
        }
    }

    private boolean tryStart(Turn<Group> turn, TaskActivity activity) {
        try {
            threads.start("private-recheck", () -> {
                try {
                    ask(turn.question());
                } finally {
                    end(turn, activity);
                }
            });
            return true;
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("No thread to confirm the rights of private channels; they will be tried again", e);
            return false;
        }
    }

    private void ask(Group group) {
        synchronized (lock) {
            if (group.members.isEmpty()) {
                return;
            }
        }
        Asked asked = rounds.ask();
        TopicAnswer<TopicAccess> answer = questions.recheck(group.key.question(), group.key.presence());
        List<Member> members = settle(group, asked, answer);
        Answered answered = new Answered(group.key, asked, answer);
        for (Member member : members) {
            try {
                member.onAnswer(answered);
            } catch (RuntimeException | Error e) {
                FatalErrors.check(e);
                LOG.error("A private channel failed to take its rights", e);
            }
        }
    }

    private List<Member> settle(Group group, Asked asked, TopicAnswer<TopicAccess> answer) {
        synchronized (lock) {
            switch (answer) {
                case TopicAnswer.Given<TopicAccess> _ -> {
                    group.asked = asked;
                    group.dueNanos = asked.nanos() + spread(0.75);
                    logChange(null);
                }
                case TopicAnswer.Refused<TopicAccess>(Refusal refusal) -> {
                    group.retryNanos = nanoTime.getAsLong() + Math.min(spread(0.5) / 4, RETRY_MAX.toNanos());
                    logChange(refusal);
                }
            }
            return new ArrayList<>(group.members.keySet());
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void logChange(@Nullable Refusal refusal) {
        boolean before = failing;
        failing = refusal != null;
        if (refusal != null && !before) {
            LOG.warn("The rights of private channels cannot be confirmed: {}", refusal.text());
        } else if (refusal == null && before) {
            LOG.info("The rights of private channels are confirmed again");
        }
    }

    @Override
    public Stream<HealthReason> reasons() {
        synchronized (lock) {
            long now = nanoTime.getAsLong();
            if (now - staleLookedNanos >= HEALTH_NANOS) {
                staleLookedNanos = now;
                stale = groups.values().stream().anyMatch(group -> !isTrusted(group.asked))
                        || (withheld && now - withheldNanos < recheck.toNanos());
            }
            return stale ? Stream.of(HealthReason.PRIVATE_RIGHTS_STALE) : Stream.empty();
        }
    }

    @Override
    public void close() {
        Supervised task = supervised;
        if (task != null) {
            task.expectEnd();
        }
        synchronized (lock) {
            closed = true;
            groups.clear();
            lock.notifyAll();
        }
    }
}
