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

/// The virtual threads that write to the sockets of one server. Each takes turns for whoever is ready; there are as
/// many as have found work, of which there is one more for each that a client holds up, and none when there is none.
final class WritingCrew implements Watched {
    private static final Logger LOG = LoggerFactory.getLogger(WritingCrew.class);

    /// After so many turns other writers that were woken by this carrier have one.
    private static final int TURNS_IN_A_ROW = 16;

    /// After so long the carrier is left to all others.
    private static final long WORK_NANOS_IN_A_ROW = 2_000_000;

    private final Queue<SocketWriter> ready = new ConcurrentLinkedQueue<>();
    private final ThreadStarter threads;

    /// Whether a thread is on its way that has not looked for work yet. While somebody is ready there is one, or one
    /// that works and will look: so nobody waits for a thread that is held up.
    private final AtomicBoolean coming = new AtomicBoolean();

    WritingCrew() {
        this(ThreadStarter.VIRTUAL);
    }

    WritingCrew(ThreadStarter threads) {
        this.threads = requireNonNull(threads, "threads is null");
    }

    /// There is something to write. Each writer stands here once at most.
    void add(SocketWriter writer) {
        ready.add(writer);
        callOne();
    }

    private void callOne() {
        if (!coming.get() && coming.compareAndSet(false, true)) {
            try {
                threads.start("socket-writer", this::work);
            } catch (RuntimeException | Error e) {
                coming.set(false);
                FatalErrors.check(e);
                LOG.error("no thread to write to sockets; the watch tries again", e);
            }
        }
    }

    /// Calls a thread if one could not be started, or ended with writers left.
    @Override
    public void check(long nowNanos) {
        if (!ready.isEmpty()) {
            callOne();
        }
    }

    @SuppressWarnings("ThreadPriorityCheck") // nothing rests on it but that others have their turn as well
    private void work() {
        coming.set(false);
        FrameWriter frames = new FrameWriter();
        int turns = 0;
        long beganNanos = System.nanoTime();
        for (SocketWriter next = ready.poll(); next != null; next = ready.poll()) {
            if (!ready.isEmpty()) {
                callOne();
            }
            if (next.takeTurn(frames)) {
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
