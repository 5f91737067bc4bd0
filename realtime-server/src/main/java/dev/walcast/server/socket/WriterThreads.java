package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.ThreadStarter;
import dev.walcast.server.frames.FrameWriter;
import dev.walcast.server.tasks.Turns;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The virtual threads that write to the sockets of one server. Sockets with pending output take turns. A new thread
/// is started only while work waits, so there is about one per core, one more for each client that blocks a write,
/// and none when there is nothing to write.
final class WriterThreads implements Watched {
    private static final Logger LOG = LoggerFactory.getLogger(WriterThreads.class);

    /// After this many turns a thread leaves its carrier, so that other writers get a turn.
    private static final int TURNS_IN_A_ROW = 16;

    /// After so long the carrier is left to all others.
    private static final long WORK_NANOS_IN_A_ROW = 2_000_000;

    private final Queue<SocketWriter> ready = new ConcurrentLinkedQueue<>();
    private final ThreadStarter threads;

    /// Whether a thread was started and has not looked for work yet. While a socket is ready there is such a thread,
    /// or one that works and will look again, so no socket waits for a thread that is blocked.
    private final AtomicBoolean starting = new AtomicBoolean();

    WriterThreads() {
        this(ThreadStarter.VIRTUAL);
    }

    WriterThreads(ThreadStarter threads) {
        this.threads = requireNonNull(threads, "threads is null");
    }

    /// Queues a writer with pending output. A writer is in the queue at most once.
    void add(SocketWriter writer) {
        ready.add(writer);
        startOne();
    }

    private void startOne() {
        if (!starting.get() && starting.compareAndSet(false, true)) {
            try {
                threads.start("socket-writer", this::work);
            } catch (RuntimeException | Error e) {
                starting.set(false);
                FatalErrors.check(e);
                LOG.error("No thread to write to sockets; the watch will try again", e);
            }
        }
    }

    /// Starts a thread if none could be started, or one ended with writers left.
    @Override
    public void check(long nowNanos) {
        if (!ready.isEmpty()) {
            startOne();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // only fairness depends on it
    private void work() {
        starting.set(false);
        FrameWriter frames = new FrameWriter();
        int turns = 0;
        long beganNanos = System.nanoTime();
        for (SocketWriter next = ready.poll(); next != null; next = ready.poll()) {
            if (!ready.isEmpty()) {
                startOne();
            }
            if (next.writeSome(frames)) {
                ready.add(next);
            }
            if (++turns % TURNS_IN_A_ROW == 0) {
                if (System.nanoTime() - beganNanos < WORK_NANOS_IN_A_ROW) {
                    Thread.yield();
                } else {
                    Turns.leaveCarrier();
                    beganNanos = System.nanoTime();
                }
            }
        }
    }
}
