package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.CloseReason;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.HelidonSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Writes what waits for a socket once it is upgraded, on a virtual thread that exists only while something waits.
final class SocketWriter {
    private final Outbox outbox;
    private final HelidonSocket socket;
    private final SocketStats stats;
    private final FrameWriter frames = new FrameWriter(this::writeNow);

    /// Null while nothing waits.
    private final AtomicReference<@Nullable Thread> thread = new AtomicReference<>();

    /// 0 while no write is under way; read by the watch.
    private volatile long writingSinceNanos;

    SocketWriter(long outboxBytesMax, HelidonSocket socket, SocketStats stats) {
        this.outbox = new Outbox(outboxBytesMax, this::wake);
        this.socket = requireNonNull(socket, "socket is null");
        this.stats = requireNonNull(stats, "stats is null");
    }

    /// What it writes.
    Outbox outbox() {
        return outbox;
    }

    private void wake() {
        thread.set(Thread.ofVirtual().name("outbox").start(this::run));
    }

    /// Since when the socket has not taken a write; nothing while it is not writing.
    Optional<Long> writingSinceNanos() {
        long since = writingSinceNanos;
        return since == 0 ? Optional.empty() : Optional.of(since);
    }

    /// Frees it from whatever it waits for: a write under way closes the socket.
    void interrupt() {
        Thread writing = thread.get();
        if (writing != null) {
            writing.interrupt();
        }
    }

    /// Waits until what was offered is written.
    void awaitEnd(Duration atMost) throws InterruptedException {
        Thread writing = thread.get();
        if (writing != null && !writing.join(atMost)) {
            interrupt();
        }
    }

    private void run() {
        try {
            for (List<Outgoing> batch = outbox.take(); !batch.isEmpty(); batch = outbox.take()) {
                frames.write(batch);
                stats.countOut(batch.size());
            }
        } catch (RuntimeException _) {
            outbox.kill(CloseReason.DISCONNECTED);
            Sockets.closeQuietly(socket);
        }
        thread.compareAndSet(Thread.currentThread(), null);
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
