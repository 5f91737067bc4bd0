package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Position;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.server.delivery.Asker;
import dev.walcast.server.delivery.Asker.Inquiry;
import dev.walcast.server.delivery.Candidate;
import dev.walcast.server.delivery.ChangeSubscription;
import dev.walcast.server.delivery.Delivery;
import dev.walcast.server.delivery.OrderedDelivery;
import dev.walcast.server.delivery.Resolution;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.ClientTurns;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.window.BindingStart;
import dev.walcast.server.window.ReplayWindow;
import dev.walcast.server.window.ReplayWindow.Read;
import dev.walcast.server.window.TableHistory.Wanted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Leads a subscription from where its bindings begin to the head of the window, and hands it over to the live feed
/// there. Runs on a thread of the subscription's own; only a bounded number of them work at a time, and one waits
/// without a place among them while its client is slow.
public final class Replay {
    private static final int BATCH_MAX = 256;
    private static final int AT_ONCE_MAX = 8;

    private static final int ROUNDS_MAX = 5;
    private static final Logger log = LoggerFactory.getLogger(Replay.class);

    private final ReplayWindow window;
    private final Delivery delivery;
    private final Asker asker;
    private final Duration patience;
    private final ClientTurns atOnce = new ClientTurns(AT_ONCE_MAX);

    /// @param patience how long a replay waits for rights and answers of Postgres without getting any
    public Replay(ReplayWindow window, Delivery delivery, Asker asker, Duration patience) {
        this.window = requireNonNull(window, "window is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
        this.asker = requireNonNull(asker, "asker is null");
        this.patience = requireNonNull(patience, "patience is null");
    }

    /// Where a binding's past begins.
    ///
    /// @param shown what the client has of it already
    record Origin(Position after, Optional<PgSnapshot> shown) {
        Origin {
            requireNonNull(after, "after is null");
            requireNonNull(shown, "shown is null");
        }

        boolean wants(Position position, Commit commit) {
            return position.isAfter(after)
                    && shown.filter(moment -> moment.contains(commit.xid())).isEmpty();
        }
    }

    /// Returns when there is nothing left.
    ///
    /// @param number of the beginning that this is a part of; it ends when another one counts
    /// @param starts where bindings with a past begin, by their ids; the others begin where it goes live
    /// @param epoch  the one in which that is
    /// @param finish called once, when nothing is left or something is gone, before any later change can come
    /// @return how far it came
    FeedPosition run(
            ChangeSubscription subscription,
            long number,
            Map<Integer, Origin> starts,
            String epoch,
            Consumer<Read.End> finish)
            throws InterruptedException {
        Position first = starts.values().stream()
                .map(Origin::after)
                .min(Position::compareTo)
                .orElse(Position.START);
        FeedPosition cursor = new FeedPosition(epoch, first);
        Sieve sieve = new Sieve(starts);
        Questions questions = new Questions(subscription, number, sieve);
        ReplayEvent event = new ReplayEvent();
        event.begin();
        event.bindings = starts.size();
        Consumer<Read.End> recorded = end -> {
            event.commit();
            finish.accept(end);
        };
        while (true) {
            atOnce.acquire(questions.client);
            try {
                Resolution current = questions.awaitSettled();
                if (current == null) {
                    return cursor;
                }
                sieve.follow(current);
                switch (window.read(sieve.wanted(), cursor, BATCH_MAX, recorded)) {
                    case Read.End _ -> {
                        return cursor;
                    }
                    case Read.Batch(List<Encodings> changes) -> {
                        event.changes += changes.size();
                        deliverAll(questions, changes);
                        cursor = new FeedPosition(
                                epoch, changes.getLast().change().position());
                    }
                }
            } finally {
                atOnce.release(questions.client);
            }
        }
    }

    private void deliverAll(Questions questions, List<Encodings> changes) throws InterruptedException {
        RowAnswers answers = questions.ask(changes);
        for (Encodings encodings : changes) {
            if (questions.sieve.isInDoubt(encodings)) {
                questions.subscription.withhold(
                        OrderedDelivery.withheld(encodings, BindingStart.Reason.UNCHANGED_VALUE));
            }
            if (!questions.sieve.candidates(encodings).isEmpty()) {
                awaitRoom(questions.client, questions.subscription.receiver());
                deliver(questions, encodings, answers);
            }
        }
    }

    private void awaitRoom(ClientKey client, ChangeReceiver receiver) throws InterruptedException {
        if (!receiver.hasRoom()) {
            atOnce.release(client);
            try {
                receiver.awaitRoom();
            } finally {
                atOnce.acquireUninterruptibly(client);
            }
        }
    }

    /// The change is judged again when the viewer or its rights change meanwhile, and asked about by itself when the
    /// answers at hand do not decide it.
    private void deliver(Questions questions, Encodings encodings, RowAnswers given) throws InterruptedException {
        ChangeSubscription subscription = questions.subscription;
        RowAnswers answers = given;
        for (int round = 0; round < ROUNDS_MAX; round++) {
            Resolution current = questions.awaitSettled();
            if (current == null) {
                return;
            }
            questions.sieve.follow(current);
            List<Candidate> candidates = questions.sieve.candidates(encodings);
            RowAnswers known = answers;
            if (subscription.whileCurrent(current, () -> delivery.tryDeliver(candidates, encodings, known))) {
                return;
            }
            if (questions.unanswered) {
                break;
            }
            answers = questions.ask(List.of(encodings));
        }
        log.warn("A change stays undecided and is withheld: {}", encodings.position());
        BindingStart.Reason reason =
                questions.unanswered ? BindingStart.Reason.RIGHTS_STALE : BindingStart.Reason.POLICY_TIMEOUT;
        subscription.forgetRow(encodings);
        subscription.withhold(new ChangeSubscription.Withheld(
                encodings.position(), Set.of(encodings.change().table().id()), reason));
    }

    /// What one replay asks of Postgres. While it waits, others take its turn. Used by one thread.
    private final class Questions {
        private final ChangeSubscription subscription;
        private final ClientKey client;
        private final long number;
        private final Sieve sieve;
        private long deadline = System.nanoTime() + patience.toNanos();
        private boolean unanswered;

        Questions(ChangeSubscription subscription, long number, Sieve sieve) {
            this.subscription = subscription;
            this.client = subscription.client(subscription.viewer());
            this.number = number;
            this.sieve = sieve;
        }

        /// Waits until it is known what the bindings mean.
        ///
        /// @return null when it is over
        @Nullable
        Resolution awaitSettled() throws InterruptedException {
            if (subscription.isSettled()) {
                return subscription.awaitSettled(number);
            }
            atOnce.release(client);
            try {
                return subscription.awaitSettled(number);
            } finally {
                atOnce.acquireUninterruptibly(client);
            }
        }

        /// Without answers when Postgres gives none in time.
        RowAnswers ask(List<Encodings> changes) throws InterruptedException {
            Optional<Asker.Asking> asking = asker.ask(() -> sieve.inquiries(changes), this::mayTryAgain);
            unanswered = asking.isEmpty();
            if (!unanswered) {
                deadline = System.nanoTime() + patience.toNanos();
            }
            return asking.<RowAnswers>map(Asker.Asking::outcome).orElse(RowAnswers.NONE);
        }

        private boolean mayTryAgain(Duration time) throws InterruptedException {
            if (!subscription.isBeginning(number) || System.nanoTime() - deadline > 0) {
                return false;
            }
            atOnce.release(client);
            try {
                Thread.sleep(time);
            } finally {
                atOnce.acquireUninterruptibly(client);
            }
            return true;
        }
    }

    /// Finds which of the past changes concern the subscription, by the filters and policies that it has now.
    private static final class Sieve {
        private final Map<Integer, Origin> starts;
        private @Nullable Resolution current;
        private SubscriptionIndex<Bound> index = new SubscriptionIndex<>();

        Sieve(Map<Integer, Origin> starts) {
            this.starts = Map.copyOf(starts);
        }

        @SuppressWarnings("ReferenceEquality") // a resolution is only itself
        void follow(Resolution fresh) {
            if (fresh != current) {
                current = fresh;
                index = fresh.index(bound -> starts.containsKey(bound.bindingId()));
            }
        }

        List<Wanted> wanted() {
            return requireNonNull(current).entries().stream()
                    .filter(entry -> starts.containsKey(entry.subscriber().bindingId()))
                    .map(entry -> new Wanted(
                            entry.target(), origin(entry.subscriber()).after()))
                    .toList();
        }

        List<Inquiry> inquiries(List<Encodings> changes) {
            List<Inquiry> inquiries = new ArrayList<>();
            for (Encodings encodings : changes) {
                List<Candidate> candidates = candidates(encodings);
                if (!candidates.isEmpty()) {
                    inquiries.add(new Inquiry(encodings, candidates));
                }
            }
            return inquiries;
        }

        List<Candidate> candidates(Encodings encodings) {
            BiPredicate<Bound, Position> wants = wants(encodings);
            Resolution resolution = requireNonNull(current);
            ChangeSubscription subscription = resolution.subscription();
            List<Candidate> candidates =
                    Candidate.matches(index, encodings.change(), wants).getOrDefault(subscription, new ArrayList<>(0));
            subscription.memories().addKnowing(candidates, resolution, encodings, wants);
            return candidates;
        }

        boolean isInDoubt(Encodings encodings) {
            return Resolution.isInDoubt(index, encodings.change(), wants(encodings));
        }

        private BiPredicate<Bound, Position> wants(Encodings encodings) {
            Commit commit = encodings.change().commit();
            return (bound, position) ->
                    starts.containsKey(bound.bindingId()) && origin(bound).wants(position, commit);
        }

        private Origin origin(Bound bound) {
            return requireNonNull(starts.get(bound.bindingId()));
        }
    }
}
