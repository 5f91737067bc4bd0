package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Json;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;

/// Answers requests to the socket paths that did not become sockets.
final class RefusalRoute implements Handler {
    private final Handshake handshake;
    private final Duration delay;

    RefusalRoute(Handshake handshake, Duration delay) {
        this.handshake = requireNonNull(handshake, "handshake is null");
        this.delay = requireNonNull(delay, "delay is null");
    }

    @Override
    public void handle(ServerRequest request, ServerResponse response) throws InterruptedException {
        switch (handshake.decide(request.query(), request.headers())) {
            case Handshake.Outcome.Accepted _ ->
                response.status(Status.BAD_REQUEST_400).send("This is a WebSocket endpoint.");
            case Handshake.Outcome.Refused refused -> {
                if (refused.delayed()) {
                    // Holds this connection's own virtual thread and nothing else.
                    Thread.sleep(delay);
                }
                refuse(response, refused);
            }
        }
    }

    private static void refuse(ServerResponse response, Handshake.Outcome.Refused refused) {
        response.status(Status.create(refused.status()));
        if (refused.error() == null) {
            response.send();
            return;
        }
        StringBuilder body = new StringBuilder("{\"error\":");
        Json.append(body, refused.error());
        response.header(HeaderNames.CONTENT_TYPE, "application/json; charset=utf-8")
                .send(body.append('}').toString());
    }
}
