package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.slot.SlotHealth;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerResponse;
import java.util.function.Supplier;

/// `/livez`: the process answers. `/readyz`: changes flow, and how far behind they are.
final class HealthRoutes implements HttpService {
    private final Supplier<SourceState> feed;
    private final Supplier<SlotHealth> slot;

    HealthRoutes(Supplier<SourceState> feed, Supplier<SlotHealth> slot) {
        this.feed = requireNonNull(feed, "feed is null");
        this.slot = requireNonNull(slot, "slot is null");
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/livez", (_, response) -> answer(response, Status.OK_200, status("alive")))
                .get("/readyz", (_, response) -> ready(response));
    }

    private void ready(ServerResponse response) {
        switch (feed.get()) {
            case SourceState.Streaming _ -> answer(response, Status.OK_200, withSlot(status("ready")));
            case SourceState.Reconnecting state -> notReady(response, "the feed is interrupted: " + state.reason());
            case SourceState.Failed state -> notReady(response, "the feed failed: " + state.reason());
            case SourceState.Idle _, SourceState.Starting _ -> notReady(response, "the feed is starting");
            case SourceState.Stopped _ -> notReady(response, "the feed is stopped");
        }
    }

    private void notReady(ServerResponse response, String reason) {
        answer(response, Status.SERVICE_UNAVAILABLE_503, withSlot(status(reason)));
    }

    private static ObjectNode status(String text) {
        return JsonNodeFactory.instance.objectNode().put("status", text);
    }

    private ObjectNode withSlot(ObjectNode body) {
        SlotHealth health = slot.get();
        body.putObject("slot")
                .put("wal_status", health.walStatus())
                .put("lag_bytes", health.lagBytes())
                .put("lag_seconds", health.lag().toMillis() / 1000.0);
        return body;
    }

    private static void answer(ServerResponse response, Status status, ObjectNode body) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(body + "\n");
    }
}
