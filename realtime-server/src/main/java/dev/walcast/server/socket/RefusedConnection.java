package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.socket.SocketAdmission.Admission.Refused;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.http.Status;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// A refused upgrade until its response is sent. While it waits it holds only its own connection and thread.
final class RefusedConnection implements ServerConnection {
    private final HelidonSocket socket;
    private final Refused refused;
    private final CountDownLatch stopping = new CountDownLatch(1);

    RefusedConnection(HelidonSocket socket, Refused refused) {
        this.socket = requireNonNull(socket, "socket is null");
        this.refused = requireNonNull(refused, "refused is null");
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        boolean stopped = stopping.await(refused.after().toNanos(), TimeUnit.NANOSECONDS);
        if (!stopped) {
            socket.write(BufferData.create(answer().getBytes(UTF_8)));
        }
    }

    @Override
    public Duration idleTime() {
        return Duration.ZERO;
    }

    @Override
    public void close(boolean interrupt) {
        stopping.countDown();
    }

    private String answer() {
        String contentType = refused.body().isEmpty() ? "" : "Content-Type: application/json; charset=utf-8\r\n";
        return "HTTP/1.1 " + Status.create(refused.status()).codeText() + " "
                + Status.create(refused.status()).reasonPhrase() + "\r\n" + contentType + "Content-Length: "
                + refused.body().getBytes(UTF_8).length + "\r\nConnection: close\r\n\r\n" + refused.body();
    }
}
