package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

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

/// Writes what waits for a socket once it is upgraded, whenever a thread of the crew has a turn for it.
final class SocketWriter {
    private final Outbox outbox;
    private final HelidonSocket socket;
    private final SocketStats stats;
    private final Object lock = new Object();

    /// Who writes; only this may be interrupted, for it writes to others as well. Guarded by lock.
    private @Nullable Thread thread;

    /// 0 while no write is under way; read by the watch.
    private volatile long writingSinceNanos;

    SocketWriter(long outboxBytesMax, MemoryAccount memory, HelidonSocket socket, SocketStats stats, WritingCrew crew) {
        requireNonNull(crew, "crew is null");
        this.outbox = new Outbox(outboxBytesMax, memory, () -> crew.add(this));
        this.socket = requireNonNull(socket, "socket is null");
        this.stats = requireNonNull(stats, "stats is null");
    }

    /// What it writes.
    Outbox outbox() {
        return outbox;
    }

    /// Since when the socket has not taken a write; nothing while it is not writing.
    Optional<Long> writingSinceNanos() {
        long since = writingSinceNanos;
        return since == 0 ? Optional.empty() : Optional.of(since);
    }

    /// Frees it from whatever it waits for: a write under way closes the socket.
    void interrupt() {
        synchronized (lock) {
            if (thread != null) {
                thread.interrupt();
            }
        }
    }

    /// Waits until what was offered is written.
    void awaitEnd(Duration atMost) throws InterruptedException {
        if (!outbox.awaitWritten(atMost)) {
            interrupt();
        }
    }

    /// Writes some of what waits. By one thread at a time.
    ///
    /// @return whether there is more
    boolean takeTurn(FrameWriter frames) {
        begin();
        try {
            List<Outgoing> batch = outbox.take();
            frames.write(batch, this::writeNow);
            stats.countOut(batch.size());
        } catch (RuntimeException | Error e) {
            // Errors as well: the socket would never be written to again.
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
