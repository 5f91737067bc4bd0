package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Answers;
import dev.walcast.server.changes.Asker.Inquiry;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Where changes wait until Postgres has answered: many changes' questions go out together, and the changes leave in
/// the order in which they came. While Postgres is away the lane waits for it. One thread of its own.
final class AskingLane implements AutoCloseable {
    /// Changes asked about at once.
    private static final int BATCH_MAX = 256;

    private static final int CHANGES_MAX = 20_000;

    private final Asker asker;
    private final boolean patient;
    private final BlockingQueue<Waiting> queue = new ArrayBlockingQueue<>(CHANGES_MAX);
    private final Thread thread;

    /// A change that waits.
    ///
    /// @param done to be run when it was delivered or dropped
    record Waiting(Inquiry inquiry, Runnable done) {
        Waiting {
            requireNonNull(inquiry, "inquiry is null");
            requireNonNull(done, "done is null");
        }
    }

    /// @param patient whether who adds waits when the lane is full; otherwise the subscriptions concerned are ended
    AskingLane(String name, Asker asker, boolean patient) {
        this.asker = requireNonNull(asker, "asker is null");
        this.patient = patient;
        this.thread = Thread.ofVirtual().name(name).start(this::run);
    }

    /// Each candidate's subscription counts this change as waiting already.
    void add(Waiting waiting) {
        if (patient) {
            put(waiting);
        } else if (!queue.offer(waiting)) {
            for (Candidate candidate : waiting.inquiry.candidates()) {
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
        Answers answers = asker.ask(batch.stream().map(Waiting::inquiry).toList());
        for (Waiting waiting : batch) {
            asker.deliver(waiting.inquiry, answers);
            leave(waiting);
        }
    }

    private static void leave(Waiting waiting) {
        waiting.inquiry
                .candidates()
                .forEach(candidate ->
                        candidate.receiver().subscription().waiting().decrementAndGet());
        waiting.done.run();
    }

    /// Drops what waits: it is not acknowledged, and comes again after a restart.
    @Override
    public void close() {
        thread.interrupt();
    }
}
