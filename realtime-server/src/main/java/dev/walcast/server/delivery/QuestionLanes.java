package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.RetriedExecutor;
import dev.walcast.server.delivery.Asker.Asking;
import dev.walcast.server.delivery.Asker.Inquiry;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks Postgres about changes that wait, each table by itself: a policy that is slow delays its own table.
/// Questions of clients' filters go separately from those of policies. Many changes are asked about at once, on a
/// virtual thread for each table that has some. Safe for any thread.
final class QuestionLanes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(QuestionLanes.class);

    /// How many changes are asked about at once.
    private static final int BATCH_MAX = 256;

    private final Asker asker;
    private final Answered answered;
    private final Map<Key, Lane> lanes = new ConcurrentHashMap<>();
    private final RetriedExecutor threads;

    private record Key(TableId table, QuestionKind kind) {}

    /// A change that waits for one subscription.
    record Waiting(ChangeSubscription subscription, PendingChange change) {}

    /// Hears the answers, on the lane's thread.
    interface Answered {
        /// @param asking null when asking failed for another reason than an absent Postgres
        void answered(Waiting waiting, @Nullable Asking asking, @Nullable Inquiry inquiry);
    }

    QuestionLanes(Asker asker, Answered answered) {
        this.threads = new RetriedExecutor(Thread.ofVirtual().name("ask-", 0).factory());
        this.asker = requireNonNull(asker, "asker is null");
        this.answered = requireNonNull(answered, "answered is null");
    }

    /// Asks about one change for some subscriptions; returns at once.
    ///
    /// @param kind of the questions
    /// @param max  how many changes of the table may wait
    /// @return false when as many wait already, and nothing happened
    boolean ask(List<Waiting> waiting, QuestionKind kind, int max) {
        TableId table = waiting.getFirst().change.encodings().change().table().id();
        return lanes.computeIfAbsent(new Key(table, kind), _ -> new Lane()).add(waiting, max);
    }

    /// Forgets changes that were dropped: while Postgres does not answer they would stay in memory, and take the
    /// place of later ones. Starts lanes anew whose thread could not be started, or was ended by an error.
    void purge() {
        threads.startAgain();
        lanes.values().forEach(lane -> {
            lane.purge();
            lane.run();
        });
    }

    /// The changes of one table that wait. It stays after it is empty: there are no more lanes than tables.
    private final class Lane {
        private final ConcurrentLinkedQueue<List<Waiting>> queue = new ConcurrentLinkedQueue<>();
        private final AtomicInteger size = new AtomicInteger();
        private final AtomicBoolean running = new AtomicBoolean();

        boolean add(List<Waiting> waiting, int max) {
            if (size.incrementAndGet() > max) {
                size.decrementAndGet();
                return false;
            }
            queue.add(waiting);
            run();
            return true;
        }

        void purge() {
            for (List<Waiting> waiting : queue) {
                if (waiting.stream().allMatch(one -> one.change.isOver()) && queue.remove(waiting)) {
                    size.decrementAndGet();
                }
            }
        }

        private void run() {
            if (!queue.isEmpty() && running.compareAndSet(false, true)) {
                threads.execute(this::work);
            }
        }

        private void work() {
            try {
                for (List<Waiting> batch = next(); !batch.isEmpty(); batch = next()) {
                    answer(batch);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            } finally {
                running.set(false);
            }
            run();
        }

        private List<Waiting> next() {
            List<Waiting> batch = new ArrayList<>();
            for (int i = 0; i < BATCH_MAX; i++) {
                List<Waiting> some = queue.poll();
                if (some == null) {
                    break;
                }
                size.decrementAndGet();
                batch.addAll(some);
            }
            return batch;
        }
    }

    /// An error of a batch concerns its changes only.
    private void answer(List<Waiting> batch) throws InterruptedException {
        Map<Waiting, Inquiry> inquiries = new HashMap<>();
        Asking asking = null;
        try {
            asking = asker.ask(() -> {
                inquiries.clear();
                batch.forEach(waiting -> inquiries.put(waiting, inquiry(waiting)));
                return List.copyOf(inquiries.values());
            });
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            log.error("Postgres could not be asked about changes", e);
        }
        for (Waiting waiting : batch) {
            answered(waiting, asking, inquiries.get(waiting));
        }
    }

    private void answered(Waiting waiting, @Nullable Asking asking, @Nullable Inquiry inquiry) {
        try {
            answered.answered(waiting, asking, inquiry);
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            log.error("A change could not be delivered", e);
        }
    }

    /// Nothing to ask about for a change that was dropped, or whose subscription is being resolved: it is asked about
    /// again after that.
    private static Inquiry inquiry(Waiting waiting) {
        Encodings encodings = waiting.change.encodings();
        return new Inquiry(encodings, waiting.subscription.candidates(waiting.change));
    }

    /// Drops what waits: it is not acknowledged, and comes again after a restart.
    @Override
    public void close() {
        threads.close();
    }
}
