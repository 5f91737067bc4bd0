package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.CloseReason;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.HelidonSocket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// The one thread that writes to a socket once it is upgraded. Ends after the goodbye, or when the socket fails.
final class SocketWriter {
    private final Outbox outbox;
    private final HelidonSocket socket;
    private final SocketStats stats;
    private final Thread thread;

    /// 0 while no write is under way; read by the watch.
    private volatile long writingSinceNanos;

    SocketWriter(Outbox outbox, HelidonSocket socket, SocketStats stats) {
        this.outbox = requireNonNull(outbox, "outbox is null");
        this.socket = requireNonNull(socket, "socket is null");
        this.stats = requireNonNull(stats, "stats is null");
        this.thread =
                Thread.ofVirtual().name("outbox-" + socket.childSocketId()).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    /// Since when the socket has not taken a write; nothing while it is not writing.
    Optional<Long> writingSinceNanos() {
        long since = writingSinceNanos;
        return since == 0 ? Optional.empty() : Optional.of(since);
    }

    /// Frees the thread from whatever it waits for; a write under way closes the socket.
    void interrupt() {
        thread.interrupt();
    }

    void awaitEnd(Duration atMost) throws InterruptedException {
        if (!thread.join(atMost)) {
            interrupt();
        }
    }

    private void run() {
        FrameWriter frames = new FrameWriter(this::writeNow);
        try {
            for (List<Outgoing> batch = outbox.take(); !batch.isEmpty(); batch = outbox.take()) {
                frames.write(batch);
                stats.countOut(batch.size());
            }
        } catch (InterruptedException | RuntimeException _) {
            outbox.kill(CloseReason.DISCONNECTED);
            Sockets.closeQuietly(socket);
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
