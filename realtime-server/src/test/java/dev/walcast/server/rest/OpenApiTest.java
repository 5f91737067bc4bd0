package dev.walcast.server.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.TestingServer;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Compares the served document with the server: every path and method of one exists in the other, and every
/// documented status occurs, with a body of the documented kind.
class OpenApiTest {
    private static final String BATCH = "/api/broadcast";
    private static final String SINGLE = "/api/broadcast/{topic}/events/{event}";
    private static final String MESSAGE = "{\"topic\":\"t\",\"event\":\"e\",\"payload\":{}}";
    private static final RestLimits LIMITS = new RestLimits(4_000, Duration.ofSeconds(10), 2, 1_000, 1);

    private final Set<String> seen = new TreeSet<>();
    private TestingServer server;
    private RestClient client;
    private JsonNode document;

    @BeforeEach
    void start() throws Exception {
        server = new TestingServer(SocketLimits.defaults(), LIMITS, new TestingPermissions());
        client = new RestClient(server.port());
        document = new ObjectMapper().readTree(client.get("/api/openapi").body());
    }

    @AfterEach
    void stop() {
        client.close();
        server.close();
    }

    @Test
    void pathsAndMethodsAreDocumented() {
        TokenVerifier verifier = new TokenVerifier(TestingTokens.SECRET, Clock.systemUTC());
        try (RestRoutes routes = new RestRoutes(
                LIMITS,
                verifier,
                (_, _) -> {},
                TestingServer.callers(new TestingPermissions(), 8),
                new MemoryBudget(1 << 20, 1 << 20, System::nanoTime))) {
            Set<String> served = routes.routes().stream()
                    .map(route -> route.method().text() + " " + route.path())
                    .collect(Collectors.toCollection(TreeSet::new));
            server.streamPaths().forEach(path -> served.add("GET " + path));
            assertThat(operations()).isEqualTo(served);
        }
    }

    @Test
    void everyStatusIsAsDocumented() throws Exception {
        saw("GET", "/api/ping", client.get("/realtime/v1/api/ping"));
        saw("GET", "/api/openapi", client.get("/realtime/v1/api/openapi"));
        batch();
        single();
        streams();
        assertThat(seen).isEqualTo(statuses());
    }

    private void batch() throws Exception {
        saw(BATCH, client.json(BATCH, "{\"messages\":[" + MESSAGE + "]}"));
        saw(BATCH, client.json(BATCH, "{"));
        saw(BATCH, client.json("no token", BATCH, "{}"));
        saw(BATCH, client.json(BATCH, "x".repeat(5_000)));
        saw(BATCH, client.post(client.as(TestingTokens.ANON, BATCH).header("Content-Type", "text/plain"), empty()));
        saw(BATCH, client.json(BATCH, "{}"));
        saw(BATCH, client.json(BATCH, "{\"messages\":[" + (MESSAGE + ",").repeat(10) + MESSAGE + "]}"));
    }

    private void single() throws Exception {
        String path = "/api/broadcast/t/events/e";
        saw(SINGLE, client.json(path, "{}"));
        saw(SINGLE, client.json(path, "{"));
        saw(SINGLE, client.json("no token", path, "{}"));
        saw(SINGLE, client.json(path + "?private=true", "{}"));
        saw(SINGLE, client.json(path, "x".repeat(5_000)));
        saw(SINGLE, client.post(client.as(TestingTokens.ANON, path).header("Content-Type", "text/plain"), empty()));
        saw(SINGLE, client.json(path, "\"" + "x".repeat(2_000) + "\""));
        String failing = "/api/broadcast/fails:%s/events/e?private=true";
        saw(SINGLE, client.json(RestClient.USER, failing.formatted("CANCELED"), "{}"));
        saw(SINGLE, client.json(RestClient.USER, failing.formatted("POOL_EXHAUSTED"), "{}"));
        saw(SINGLE, client.json(RestClient.USER, failing.formatted("NOT_INSTALLED"), "{}"));
    }

    private void streams() throws Exception {
        String key = "&apikey=" + TestingTokens.ANON;
        sawStream("/changes?table=t" + key);
        saw("GET", "/changes", client.get("/changes?table=t&columns=a" + key));
        saw("GET", "/changes", client.get("/changes?table=t"));
        sawStream("/broadcast?topic=t" + key);
        saw("GET", "/broadcast", client.get("/broadcast?" + key));
        saw("GET", "/broadcast", client.get("/broadcast?topic=t"));
        saw("GET", "/broadcast", client.get("/broadcast?topic=t&private=true" + key));
    }

    private void sawStream(String target) throws Exception {
        String path = target.substring(0, target.indexOf('?'));
        try (EventReader reader = EventReader.open("http://127.0.0.1:" + server.port() + target)) {
            String operation = "GET " + path + " " + reader.status();
            seen.add(operation);
            JsonNode content = response("GET", path, reader.status()).path("content");
            assertThat(reader.header("content-type"))
                    .as(operation)
                    .startsWith(content.fieldNames().next());
        }
    }

    private static java.net.http.HttpRequest.BodyPublisher empty() {
        return BodyPublishers.noBody();
    }

    private void saw(String path, HttpResponse<String> answer) {
        saw("POST", path, answer);
    }

    private void saw(String method, String path, HttpResponse<String> answer) {
        String operation = method + " " + path + " " + answer.statusCode();
        seen.add(operation);
        JsonNode content = response(method, path, answer.statusCode()).path("content");
        String type = answer.headers().firstValue("content-type").orElse("");
        if (content.isEmpty()) {
            assertThat(answer.body()).as(operation).isEmpty();
        } else {
            String described = content.fieldNames().next();
            assertThat(type).as(operation).startsWith(described);
            assertThat(answer.body()).as(operation).isNotEmpty();
            assertRequired(operation, content.path(described).path("schema"), answer.body());
        }
    }

    private void assertRequired(String operation, JsonNode schema, String body) {
        Set<String> keys = new TreeSet<>();
        for (JsonNode choice : schema.has("oneOf")
                ? schema.path("oneOf")
                : JSON.createArrayNode().add(schema)) {
            resolved(choice).path("required").forEach(key -> keys.add(key.textValue()));
        }
        if (!keys.isEmpty()) {
            assertThat(keys).as(operation).anyMatch(key -> body.startsWith("{\"" + key + "\":"));
        }
    }

    private static final ObjectMapper JSON = new ObjectMapper();

    private Set<String> operations() {
        Set<String> operations = new TreeSet<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .fieldNames()
                        .forEachRemaining(
                                method -> operations.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
        return operations;
    }

    private Set<String> statuses() {
        Set<String> statuses = new TreeSet<>();
        for (String operation : operations()) {
            String[] words = operation.split(" ");
            document.path("paths")
                    .path(words[1])
                    .path(words[0].toLowerCase(Locale.ROOT))
                    .path("responses")
                    .fieldNames()
                    .forEachRemaining(status -> statuses.add(operation + " " + status));
        }
        return statuses;
    }

    private JsonNode response(String method, String path, int status) {
        JsonNode response = document.path("paths")
                .path(path)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(Integer.toString(status));
        assertThat(response.isMissingNode())
                .as("undocumented " + method + " " + path + " " + status)
                .isFalse();
        return resolved(response);
    }

    private JsonNode resolved(JsonNode node) {
        String reference = node.path("$ref").asText();
        return reference.isEmpty() ? node : document.at(reference.substring(1));
    }
}
