package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.walcast.cdc.SourceState;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerResponse;
import java.util.function.Supplier;

/// `/livez`: the process answers. `/readyz`: changes flow.
final class HealthRoutes implements HttpService {
    private final Supplier<SourceState> feed;

    HealthRoutes(Supplier<SourceState> feed) {
        this.feed = requireNonNull(feed, "feed is null");
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/livez", (_, response) -> answer(response, Status.OK_200, "alive"))
                .get("/readyz", (_, response) -> ready(response));
    }

    private void ready(ServerResponse response) {
        switch (feed.get()) {
            case SourceState.Streaming _ -> answer(response, Status.OK_200, "ready");
            case SourceState.Reconnecting state -> notReady(response, "the feed is interrupted: " + state.reason());
            case SourceState.Failed state -> notReady(response, "the feed failed: " + state.reason());
            case SourceState.Idle _, SourceState.Starting _ -> notReady(response, "the feed is starting");
            case SourceState.Stopped _ -> notReady(response, "the feed is stopped");
        }
    }

    private static void notReady(ServerResponse response, String reason) {
        answer(response, Status.SERVICE_UNAVAILABLE_503, reason);
    }

    private static void answer(ServerResponse response, Status status, String text) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(JsonNodeFactory.instance.objectNode().put("status", text) + "\n");
    }
}
