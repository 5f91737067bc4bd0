package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.server.frames.FrameWriter;
import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.CloseReason;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.HelidonSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Writes the outbox of one socket, each time a thread of [WriterThreads] gives it a turn.
final class SocketWriter {
    private final Outbox outbox;
    private final HelidonSocket socket;
    private final SocketStats stats;
    private final Object lock = new Object();

    /// The thread that writes now. Only this class may interrupt it, because the thread also writes to other sockets.
    /// Guarded by lock.
    @GuardedBy("lock")
    private @Nullable Thread thread;

    /// 0 while no write is under way. Read by the watch.
    private volatile long writingSinceNanos;

    SocketWriter(
            long outboxBytesMax, MemoryAccount memory, HelidonSocket socket, SocketStats stats, WriterThreads writers) {
        requireNonNull(writers, "writers is null");
        this.outbox = new Outbox(outboxBytesMax, memory, () -> writers.add(this));
        this.socket = requireNonNull(socket, "socket is null");
        this.stats = requireNonNull(stats, "stats is null");
    }

    /// The outbox that it writes.
    Outbox outbox() {
        return outbox;
    }

    /// The time since which a write has blocked. Empty while none is under way.
    Optional<Long> writingSinceNanos() {
        long since = writingSinceNanos;
        return since == 0 ? Optional.empty() : Optional.of(since);
    }

    /// Interrupts the write under way, if any. That closes the socket.
    void interrupt() {
        synchronized (lock) {
            if (thread != null) {
                thread.interrupt();
            }
        }
    }

    /// Waits until everything offered is written.
    void awaitEnd(Duration atMost) throws InterruptedException {
        if (!outbox.awaitWritten(atMost)) {
            interrupt();
        }
    }

    /// Writes some of what waits. For one thread at a time.
    ///
    /// @return whether there is more
    boolean writeSome(FrameWriter frames) {
        begin();
        try {
            List<Outgoing> batch = outbox.take();
            frames.write(batch, this::writeNow);
            stats.countOut(batch.size());
            stats.countLatency(batch);
        } catch (RuntimeException | Error e) {
            // also for errors: otherwise nothing would write to the socket again
            FatalErrors.check(e);
            outbox.kill(CloseReason.DISCONNECTED);
            Sockets.closeQuietly(socket);
        } finally {
            end();
        }
        return outbox.written();
    }

    private void begin() {
        synchronized (lock) {
            thread = Thread.currentThread();
        }
    }

    private void end() {
        synchronized (lock) {
            thread = null;
            boolean _ = Thread.interrupted();
        }
    }

    private void writeNow(byte[] bytes, int length) {
        writingSinceNanos = Math.max(1, System.nanoTime());
        try {
            socket.write(BufferData.create(bytes, 0, length));
            stats.countWrite(length);
        } finally {
            writingSinceNanos = 0;
        }
    }
}
