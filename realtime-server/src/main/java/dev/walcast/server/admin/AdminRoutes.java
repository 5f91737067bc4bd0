package dev.walcast.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.health.Health;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.metrics.ServerMetrics;
import dev.walcast.server.session.SocketServer;
import dev.walcast.server.session.SocketView;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// What operators ask and order on the admin port. Answers are JSON, but for the metrics.
final class AdminRoutes implements HttpService {
    /// Of one answer; `?limit=` asks for fewer or more.
    private static final int LISTED_USUALLY = 1_000;

    private static final int LISTED_MAX = 100_000;
    private static final int WORST_OUTBOXES = 10;
    private static final int BODY_BYTES_MAX = 64 * 1024;

    private final ServerMetrics metrics;
    private final Health health;
    private final Supervisor supervisor;
    private final Supplier<StatusReport> status;
    private final SocketServer sockets;
    private final AuditLog audit;
    private final String version;

    AdminRoutes(AdminSources sources, AuditLog audit) {
        requireNonNull(sources, "sources is null");
        this.metrics = sources.metrics();
        this.health = sources.health();
        this.supervisor = sources.supervisor();
        this.status = sources.status();
        this.sockets = sources.sockets();
        this.version = sources.version();
        this.audit = requireNonNull(audit, "audit is null");
    }

    @Override
    public void routing(HttpRules rules) {
        reads().forEach(rules::get);
        commands().forEach(rules::post);
        Stream.of(reads(), commands())
                .flatMap(routes -> routes.keySet().stream())
                .forEach(path -> rules.any(path, (_, response) -> AdminProblem.METHOD_WRONG.send(response)));
        rules.any((_, response) -> AdminProblem.NOT_FOUND.send(response));
    }

    private Map<String, Handler> reads() {
        return Map.of(
                "/metrics", this::metrics,
                "/admin/v1/health",
                        (_, response) -> send(response, AdminJson.health(health.report(), supervisor.tasks())),
                "/admin/v1/status", (_, response) -> send(response, status()),
                "/admin/v1/sockets", this::sockets,
                "/admin/v1/channels", this::channels);
    }

    private Map<String, Handler> commands() {
        return Map.of("/admin/v1/disconnect", this::disconnect);
    }

    private void metrics(ServerRequest request, ServerResponse response) {
        ServerMetrics.Scrape scrape =
                metrics.scrape(request.headers().first(HeaderNames.ACCEPT).orElse(null));
        response.header(HeaderNames.CONTENT_TYPE, scrape.contentType())
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(scrape.body());
    }

    private ObjectNode status() {
        ObjectNode json = AdminJson.object().put("version", version);
        json.put("status", health.report().readiness().code());
        json.setAll(AdminJson.feed(status.get()));
        json.putObject("clients")
                .put("sockets", sockets.stats().connected())
                .put("users", sockets.users())
                .put("channels", sockets.channels())
                .put("topics", sockets.openRooms());
        json.putObject("memory")
                .put("used_bytes", sockets.memory().used())
                .put("budget_bytes", sockets.memory().bytesMax());
        List<SocketView> worst = sockets.open().stream()
                .filter(socket -> socket.queuedBytes() > 0)
                .sorted(Comparator.comparingLong(SocketView::queuedBytes).reversed())
                .limit(WORST_OUTBOXES)
                .toList();
        json.set("worst_outboxes", AdminJson.sockets(worst));
        return json;
    }

    private void sockets(ServerRequest request, ServerResponse response) {
        List<SocketView> open = sockets.open();
        Optional<String> sub = request.query().first("sub").asOptional();
        Optional<String> topic = request.query().first("topic").asOptional();
        List<SocketView> wanted = open.stream()
                .filter(socket -> sub.isEmpty() || sub.get().equals(socket.subject()))
                .filter(socket -> topic.isEmpty() || socket.topics().contains(topic.get()))
                .toList();
        ObjectNode json = AdminJson.object().put("total", wanted.size());
        json.set(
                "sockets",
                AdminJson.sockets(wanted.stream()
                        .sorted(Comparator.comparing(SocketView::since))
                        .limit(limit(request))
                        .toList()));
        send(response, json);
    }

    private void channels(ServerRequest request, ServerResponse response) {
        Map<String, Integer> receivers = new TreeMap<>();
        sockets.open().forEach(socket -> socket.topics().forEach(topic -> receivers.merge(topic, 1, Integer::sum)));
        ObjectNode json = AdminJson.object().put("total", receivers.size());
        ArrayNode channels = json.putArray("channels");
        receivers.entrySet().stream()
                .limit(limit(request))
                .forEach(topic -> channels.add(
                        AdminJson.object().put("topic", topic.getKey()).put("sockets", topic.getValue())));
        send(response, json);
    }

    private static int limit(ServerRequest request) {
        try {
            return request.query()
                    .first("limit")
                    .asOptional()
                    .map(Integer::parseInt)
                    .map(wanted -> Math.clamp(wanted, 0, LISTED_MAX))
                    .orElse(LISTED_USUALLY);
        } catch (NumberFormatException _) {
            return LISTED_USUALLY;
        }
    }

    /// Takes `{"socket": id}` or `{"sub": user}`.
    private void disconnect(ServerRequest request, ServerResponse response) throws IOException {
        Optional<JsonNode> body = body(request);
        String socket = body.map(json -> json.path("socket").textValue()).orElse(null);
        String subject = body.map(json -> json.path("sub").textValue()).orElse(null);
        if ((socket == null) == (subject == null)) {
            AdminProblem.BODY_UNREADABLE.send(response);
            return;
        }
        int ended =
                sockets.disconnect(view -> socket == null ? subject.equals(view.subject()) : socket.equals(view.id()));
        audit.done(request, ended + " sockets disconnected");
        if (ended == 0) {
            AdminProblem.SOCKET_UNKNOWN.send(response);
        } else {
            send(response, AdminJson.object().put("disconnected", ended));
        }
    }

    private static Optional<JsonNode> body(ServerRequest request) throws IOException {
        byte[] bytes = request.content().inputStream().readNBytes(BODY_BYTES_MAX + 1);
        return bytes.length > BODY_BYTES_MAX ? Optional.empty() : Json.strictTree(Slice.of(bytes));
    }

    private static void send(ServerResponse response, ObjectNode json) {
        response.header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send((json + "\n").getBytes(UTF_8));
    }
}
