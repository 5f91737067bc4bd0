package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.health.Health;
import dev.walcast.server.health.Readiness;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Answers `/livez`, whether the process must be restarted, and `/readyz`, whether to send it traffic and how far the
/// feed is behind. Any client may ask, so the responses contain codes and no internals.
final class HealthRoutes implements HttpService {
    private final BooleanSupplier alive;
    private final Health health;
    private final Supplier<Duration> lag;

    /// @param alive whether the process can work without a restart; answers from memory
    HealthRoutes(BooleanSupplier alive, Health health, Supplier<Duration> lag) {
        this.alive = requireNonNull(alive, "alive is null");
        this.health = requireNonNull(health, "health is null");
        this.lag = requireNonNull(lag, "lag is null");
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/livez", this::live)
                .head("/livez", this::live)
                .get("/readyz", this::ready)
                .head("/readyz", this::ready);
        for (String path : List.of("/livez", "/readyz")) {
            rules.options(
                    path,
                    (_, response) -> allow(response, Status.NO_CONTENT_204).send());
            rules.any(
                    path,
                    (_, response) ->
                            allow(response, Status.METHOD_NOT_ALLOWED_405).send());
        }
    }

    private static ServerResponse allow(ServerResponse response, Status status) {
        return response.status(status).header(HeaderNames.ALLOW, "GET, HEAD, OPTIONS");
    }

    private void live(ServerRequest request, ServerResponse response) {
        boolean lives = alive.getAsBoolean();
        Status status = lives ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503;
        answer(request, response, status, status(lives ? "alive" : "dead"));
    }

    private void ready(ServerRequest request, ServerResponse response) {
        Health.Report report = health.report();
        ObjectNode body = status(report.readiness().code());
        report.codes().forEach(body.putArray("reasons")::add);
        body.put("lag_seconds", lag.get().toMillis() / 1000.0);
        boolean serves = report.readiness() != Readiness.NOT_READY;
        answer(request, response, serves ? Status.OK_200 : Status.SERVICE_UNAVAILABLE_503, body);
    }

    private static ObjectNode status(String code) {
        return JsonNodeFactory.instance.objectNode().put("status", code);
    }

    private static void answer(ServerRequest request, ServerResponse response, Status status, ObjectNode body) {
        byte[] json = (body + "\n").getBytes(UTF_8);
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store");
        if (request.prologue().method().equals(Method.HEAD)) {
            response.header(HeaderNames.CONTENT_LENGTH, Integer.toString(json.length));
            response.send();
        } else {
            response.send(json);
        }
    }
}
