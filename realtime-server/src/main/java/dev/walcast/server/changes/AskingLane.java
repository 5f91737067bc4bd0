package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Answers;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Oracle;
import dev.walcast.rls.Oracle.Asked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where changes wait until Postgres has answered: many changes' questions go out together, and the changes leave in
/// the order in which they came. While Postgres is away the lane waits for it. One thread of its own.
final class AskingLane implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AskingLane.class);

    /// Changes asked about at once.
    private static final int BATCH_MAX = 256;

    private static final int CHANGES_MAX = 20_000;
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(500);

    private final Oracle oracle;
    private final Delivery delivery;
    private final boolean patient;
    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(CHANGES_MAX);
    private final Thread thread;

    /// A change that waits.
    ///
    /// @param done to be run when it was delivered or dropped
    record Waiting(List<Candidate> candidates, Encodings encodings, Runnable done) {
        Waiting {
            candidates = List.copyOf(candidates);
            requireNonNull(encodings, "encodings is null");
            requireNonNull(done, "done is null");
        }
    }

    /// @param patient whether who adds waits when the lane is full; otherwise the subscriptions concerned are ended
    AskingLane(String name, Oracle oracle, Delivery delivery, boolean patient) {
        this.oracle = requireNonNull(oracle, "oracle is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
        this.patient = patient;
        this.thread = Thread.ofVirtual().name(name).start(this::run);
    }

    /// Each candidate's subscription counts this change as waiting already.
    void add(Waiting waiting) {
        if (patient) {
            put(waiting);
        } else if (!queue.offer(waiting)) {
            for (Candidate candidate : waiting.candidates) {
                candidate
                        .receiver()
                        .subscription()
                        .giveUp("The filter asks too much of the database: " + CHANGES_MAX
                                + " changes wait for its answer. Subscribe with a filter that is easier to decide.");
            }
            leave(waiting);
        }
    }

    private void put(Waiting waiting) {
        try {
            queue.put(waiting);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the database is behind", e);
        }
    }

    private void run() {
        List<Waiting> batch = new ArrayList<>();
        try {
            while (true) {
                batch.add(queue.take());
                queue.drainTo(batch, BATCH_MAX - 1);
                answer(batch);
                batch.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void answer(List<Waiting> batch) throws InterruptedException {
        Answers answers = untilAnswered(() -> oracle.ask(questions(batch)));
        for (Waiting waiting : batch) {
            for (Candidate candidate : waiting.candidates) {
                deliver(candidate, waiting, answers);
            }
            leave(waiting);
        }
    }

    private Set<Asked> questions(List<Waiting> batch) throws UnansweredException {
        Set<Asked> asked = new LinkedHashSet<>();
        for (Waiting waiting : batch) {
            for (Candidate candidate : waiting.candidates) {
                delivery.undecided(candidate, waiting.encodings.change(), asked::add);
            }
        }
        return asked;
    }

    /// Something that has become undecided since the questions were named, as when a viewer changed, is asked by
    /// itself.
    private void deliver(Candidate candidate, Waiting waiting, Answers answers) throws InterruptedException {
        try {
            if (!untilAnswered(() -> delivery.deliver(candidate, waiting.encodings, answers))) {
                Waiting alone = new Waiting(List.of(candidate), waiting.encodings, () -> {});
                Answers own = untilAnswered(() -> oracle.ask(questions(List.of(alone))));
                if (!untilAnswered(() -> delivery.deliver(candidate, waiting.encodings, own))) {
                    log.warn(
                            "A change stays undecided and hidden: {}",
                            waiting.encodings.change().position());
                }
            }
        } catch (RuntimeException e) {
            log.error("A change could not be delivered", e);
        }
    }

    @FunctionalInterface
    private interface Asking<T> {
        T ask() throws UnansweredException;
    }

    private static <T> T untilAnswered(Asking<T> asking) throws InterruptedException {
        boolean said = false;
        while (true) {
            try {
                return asking.ask();
            } catch (UnansweredException e) {
                if (!said) {
                    log.info("Changes wait for the database: {}", String.valueOf(e.getMessage()));
                    said = true;
                }
                Thread.sleep(ASK_AGAIN_AFTER);
            }
        }
    }

    private static void leave(Waiting waiting) {
        waiting.candidates.forEach(
                candidate -> candidate.receiver().subscription().waiting().decrementAndGet());
        waiting.done.run();
    }

    /// Drops what waits: it is not acknowledged, and comes again after a restart.
    @Override
    public void close() {
        thread.interrupt();
    }
}
