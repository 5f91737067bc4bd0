package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Oracle;
import dev.walcast.rls.Oracle.Asked;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where changes wait until Postgres has answered: many changes' questions go out together, and the changes leave in
/// the order in which they came. One thread of its own.
final class AskingLane implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AskingLane.class);

    /// Changes asked about at once.
    private static final int BATCH_MAX = 256;

    /// Questions asked at once, but for those of a single change.
    private static final int QUESTIONS_MAX = 5_000;

    private static final int CHANGES_MAX = 20_000;

    private final Oracle oracle;
    private final Delivery delivery;
    private final boolean patient;
    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(CHANGES_MAX);
    private final Thread thread;

    /// A change that waits.
    ///
    /// @param asked what there is to ask about it
    /// @param done  to be run when it was delivered or dropped
    record Waiting(List<Candidate> candidates, Encodings encodings, Set<Asked> asked, Runnable done) {
        Waiting {
            candidates = List.copyOf(candidates);
            requireNonNull(encodings, "encodings is null");
            requireNonNull(asked, "asked is null");
            requireNonNull(done, "done is null");
        }
    }

    /// @param patient whether who adds waits when the lane is full; otherwise the subscriptions concerned are
    ///                ended
    AskingLane(String name, Oracle oracle, Delivery delivery, boolean patient) {
        this.oracle = requireNonNull(oracle, "oracle is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
        this.patient = patient;
        this.thread = Thread.ofVirtual().name(name).start(this::run);
    }

    /// Each candidate's subscription counts this change as waiting already.
    void add(Waiting waiting) {
        if (!patient && !queue.offer(waiting)) {
            for (Candidate candidate : waiting.candidates) {
                candidate
                        .receiver()
                        .subscription()
                        .giveUp("The filter asks too much of the database: " + CHANGES_MAX
                                + " changes wait for its answer. Subscribe with a filter that is easier to decide.");
            }
            leave(waiting);
        } else if (patient) {
            put(waiting);
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
                fill(batch);
                answer(batch);
                batch.clear();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void fill(List<Waiting> batch) {
        int questions = batch.getFirst().asked.size();
        while (batch.size() < BATCH_MAX && questions < QUESTIONS_MAX) {
            Waiting next = queue.poll();
            if (next == null) {
                return;
            }
            batch.add(next);
            questions += next.asked.size();
        }
    }

    private void answer(List<Waiting> batch) {
        Oracle.Outcome outcome = Oracle.Outcome.NOTHING;
        try {
            Set<Asked> asked = new LinkedHashSet<>();
            batch.forEach(waiting -> asked.addAll(waiting.asked));
            outcome = oracle.ask(asked);
        } catch (RuntimeException e) {
            log.error("Questions could not be asked; the changes they are about are hidden from those who asked", e);
        }
        for (Waiting waiting : batch) {
            for (Candidate candidate : waiting.candidates) {
                deliver(candidate, waiting.encodings, outcome);
            }
            leave(waiting);
        }
    }

    /// Something that has become undecided since the questions were named, as when a viewer changed, is asked by
    /// itself.
    private void deliver(Candidate candidate, Encodings encodings, Oracle.Outcome outcome) {
        try {
            if (!delivery.deliver(candidate, encodings, outcome)) {
                Set<Asked> asked = new LinkedHashSet<>();
                delivery.undecided(candidate, encodings.change(), asked::add);
                if (!delivery.deliver(candidate, encodings, oracle.ask(asked))) {
                    log.warn(
                            "A change stays undecided and hidden: {}",
                            encodings.change().position());
                }
            }
        } catch (RuntimeException e) {
            log.error("A change could not be delivered", e);
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
