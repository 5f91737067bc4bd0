package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.front.FrontLimits;
import dev.walcast.server.front.HttpFront;
import dev.walcast.server.health.Health;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.testing.TestServer;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthRoutesTest {
    private final HttpClient client = HttpClient.newHttpClient();
    private volatile boolean alive = true;
    private volatile Set<HealthReason> first = Set.of();
    private volatile Set<HealthReason> second = Set.of();
    private final Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
    private final HttpFront front = new HttpFront(
            "127.0.0.1", 0, FrontLimits.of(SocketLimits.defaults(), AddressLimits.defaults()), supervisor);

    @BeforeEach
    void start() throws IOException {
        Health health = new Health(List.of(() -> first.stream(), () -> second.stream()));
        HealthRoutes routes = new HealthRoutes(() -> alive, health, () -> Duration.ofMillis(1_500));
        front.serve(HttpRouting.builder().register(routes), List.of());
    }

    @AfterEach
    void stop() {
        front.close();
        client.close();
        supervisor.close();
    }

    private HttpResponse<String> ask(String method, String path) throws Exception {
        return ask(client, "http://127.0.0.1:" + front.port() + path, method);
    }

    private static HttpResponse<String> ask(HttpClient client, String url, String method) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create(url))
                        .method(method, BodyPublishers.noBody())
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void serverWithoutReasonsIsReady() throws Exception {
        HttpResponse<String> answer = ask("GET", "/readyz");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"status\":\"ready\",\"reasons\":[],\"lag_seconds\":1.5}\n");
        assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
    }

    @Test
    void troubleOfSomeTablesIsDegraded() throws Exception {
        first = Set.of(HealthReason.TABLE_SET_ASIDE, HealthReason.RIGHTS_STALE);
        second = Set.of(HealthReason.RIGHTS_STALE);
        HttpResponse<String> answer = ask("GET", "/readyz");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("""
                        {"status":"degraded","reasons":["rights_stale","table_set_aside"],"lag_seconds":1.5}\n""");
    }

    @Test
    void worstReasonDecides() throws Exception {
        first = Set.of(HealthReason.RIGHTS_STALE);
        second = Set.of(HealthReason.FEED_INTERRUPTED);
        HttpResponse<String> answer = ask("GET", "/readyz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).contains("\"not_ready\"", "[\"feed_interrupted\",\"rights_stale\"]");
    }

    @Test
    void failingSourceIsNotReady() {
        Health health = new Health(List.of(() -> {
            throw new IllegalStateException("for the test");
        }));
        assertThat(health.report().codes()).containsExactly("health_unknown");
    }

    @Test
    void processIsAliveWithoutFeed() throws Exception {
        first = Set.of(HealthReason.FEED_FAILED);
        HttpResponse<String> answer = ask("GET", "/livez");
        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"status\":\"alive\"}\n");
    }

    @Test
    void deadThreadIsNotAlive() throws Exception {
        alive = false;
        HttpResponse<String> answer = ask("GET", "/livez");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEqualTo("{\"status\":\"dead\"}\n");
        assertThat(ask("HEAD", "/livez").statusCode()).isEqualTo(503);
    }

    @Test
    void headHasNoBody() throws Exception {
        assertThat(ask("HEAD", "/livez").statusCode()).isEqualTo(200);
        first = Set.of(HealthReason.FEED_STARTING);
        HttpResponse<String> answer = ask("HEAD", "/readyz");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(answer.body()).isEmpty();
        assertThat(ask("GET", "/readyz").statusCode()).isEqualTo(503);
    }

    @Test
    void lostDatabaseIsNamedByCodeOnly() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("create publication supabase_realtime");
            try (TestServer server = TestServer.start(postgres)) {
                await().until(() -> ask(client, server.url() + "/readyz", "GET").statusCode() == 200);
                postgres.stop();
                await().atMost(Duration.ofSeconds(60))
                        .untilAsserted(() -> assertThat(ask(client, server.url() + "/readyz", "GET")
                                        .body())
                                .startsWith("{\"status\":\"not_ready\",\"reasons\":[\"feed_interrupted\"],"
                                        + "\"lag_seconds\":"));
            }
        }
    }

    @Test
    void otherMethodsAreRefusedWithAllow() throws Exception {
        for (String path : List.of("/livez", "/readyz")) {
            HttpResponse<String> options = ask("OPTIONS", path);
            assertThat(options.statusCode()).isEqualTo(204);
            assertThat(options.headers().firstValue("Allow")).contains("GET, HEAD, OPTIONS");
            HttpResponse<String> post = ask("POST", path);
            assertThat(post.statusCode()).isEqualTo(405);
            assertThat(post.headers().firstValue("Allow")).contains("GET, HEAD, OPTIONS");
            assertThat(post.body()).isEmpty();
            assertThat(ask("FOO", path).statusCode()).isEqualTo(405);
        }
    }

    @Test
    void bodyContainsOnlyCodes() throws Exception {
        first = Set.of(HealthReason.values());
        HttpResponse<String> answer = ask("GET", "/readyz");
        assertThat(answer.body())
                .matches("\\{\"status\":\"[a-z_]+\",\"reasons\":\\[(\"[a-z_]+\",?)+],\"lag_seconds\":[0-9.]+}\n");
        assertThat(answer.headers().map().keySet())
                .allMatch(name -> Set.of("cache-control", "connection", "content-length", "content-type", "date")
                        .contains(name.toLowerCase(java.util.Locale.ROOT)));
    }
}
