package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.task.InterruptableTask;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;

/// One of Helidon's connections, which would wait for ever for the rest of a request's head: this one is cut when the
/// head is not there in time, whether the client sends nothing or a byte now and then.
final class HttpConnection implements ServerConnection, InterruptableTask<Void>, Watched {
    private final ServerConnection http;
    private final HelidonSocket socket;
    private final SocketLimits limits;
    private final Runnable whenEnded;

    private volatile boolean waiting = true;
    private volatile long deadlineNanos;
    private volatile boolean streaming;

    HttpConnection(ServerConnection http, HelidonSocket socket, SocketLimits limits, Runnable whenEnded) {
        this.http = requireNonNull(http, "http is null");
        this.socket = requireNonNull(socket, "socket is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.whenEnded = requireNonNull(whenEnded, "whenEnded is null");
        this.deadlineNanos = System.nanoTime() + limits.requestTimeout().toNanos();
    }

    /// A request's head is complete: how long the answer takes, or the socket that it becomes, is not ours to judge.
    void requested() {
        waiting = false;
    }

    /// The answer has begun. The next request may take as long as a socket may be silent.
    void answered() {
        deadlineNanos = System.nanoTime() + limits.idleTimeout().toNanos();
        waiting = true;
    }

    /// The answer is a stream, which may take as long as it likes and is the connection's last.
    void streaming() {
        waiting = false;
        streaming = true;
    }

    @Override
    public void check(long nowNanos) {
        if (waiting && nowNanos - deadlineNanos > 0) {
            Thread.ofVirtual().name("cut-" + socket.childSocketId()).start(() -> Sockets.closeQuietly(socket));
            waiting = false; // only now: without a thread the next check tries again
        }
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        try {
            http.handle(limit);
        } finally {
            whenEnded.run();
        }
    }

    @Override
    public Duration idleTime() {
        return streaming ? Duration.ZERO : http.idleTime();
    }

    @Override
    public void close(boolean interrupt) {
        http.close(interrupt);
    }

    @Override
    public boolean canInterrupt() {
        return http instanceof InterruptableTask<?> task && task.canInterrupt();
    }

    /// Nobody runs a connection as a task.
    @Override
    public Void call() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void run() {
        throw new UnsupportedOperationException();
    }
}
