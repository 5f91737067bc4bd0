package dev.walcast.server.front;

import dev.walcast.server.http.HeadScanner;
import io.helidon.common.concurrency.limits.FixedLimit;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.Router;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.Http1ConnectionSelectorConfig;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.util.List;

/// Helidon's HTTP/1 implementation for one set of routes.
final class HttpEngine {
    /// How many bytes the canonical form of a head may add to what the client sent.
    private static final int ADDED_BYTES_MAX = 1024;

    private final EngineContext context = new EngineContext();
    private final Router router;
    private final Http1ConnectionSelector http1;
    private final Limit requestLimit = FixedLimit.create();
    private volatile boolean outdated;

    HttpEngine(HttpRouting.Builder routing, List<? extends Http1Upgrader> upgraders) {
        // for `OPTIONS *`, which concerns the whole server
        routing.options("/", HttpEngine::allowed);
        this.router = Router.builder().addRouting(routing).build();
        Http1ConnectionSelectorConfig.Builder builder = Http1ConnectionSelector.builder()
                .config(Http1Config.builder()
                        .maxPrologueLength(HeadScanner.REQUEST_LINE_BYTES_MAX + ADDED_BYTES_MAX)
                        .maxHeadersSize(HeadScanner.FIELDS_BYTES_MAX + ADDED_BYTES_MAX)
                        // tokens travel in the query
                        .log(log -> log.receiveLog(false).sendLog(false))
                        .build());
        upgraders.forEach(builder::addUpgrader);
        this.http1 = builder.build();
        router.beforeStart();
    }

    ServerConnection connection(ClientConnection connection) {
        return http1.connection(connection);
    }

    Router router() {
        return router;
    }

    EngineContext context() {
        return context;
    }

    Limit requestLimit() {
        return requestLimit;
    }

    /// Whether another engine answers new requests.
    boolean isOutdated() {
        return outdated;
    }

    /// Hands new requests over to another engine. Requests under way are still answered here.
    void retire() {
        outdated = true;
    }

    void close() {
        router.afterStop();
        context.close();
    }

    private static void allowed(ServerRequest request, ServerResponse response) {
        response.status(Status.NO_CONTENT_204)
                .header(HeaderNames.ALLOW, "GET, HEAD, POST, OPTIONS")
                .send();
    }
}
