package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.admin.AdminProblem;
import dev.walcast.server.admin.AdminSettings;
import dev.walcast.server.log.Secret;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The admin port of a real server: who gets in, and what it says.
class AdminPortTest {
    private static final Path DOC = Path.of("..", "docs", "operations", "metrics.md");
    private static final String TOKEN = "admin-token-of-the-test";
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create table notes (id int primary key, body text)",
                "create table secrets (id int primary key)",
                "alter table secrets enable row level security",
                "grant select on notes, secrets to anon",
                "create publication supabase_realtime for table notes, secrets");
        server = TestServer.start(
                TestServer.settings(postgres, "admin").withAdmin(new AdminSettings("127.0.0.1", 0, new Secret(TOKEN))));
    }

    @AfterAll
    static void stop() throws IOException {
        server.close();
        postgres.close();
    }

    // -- who gets in

    @Test
    void everyPathNeedsTheToken() throws Exception {
        for (String path : List.of("/metrics", "/admin/v1/status", "/admin/v1/sockets", "/nowhere")) {
            HttpResponse<String> none = send(request(path));
            assertThat(none.statusCode()).as(path).isEqualTo(401);
            assertThat(none.body()).contains("AdminTokenWrong", "ADMIN_TOKEN").doesNotContain(TOKEN);
            assertThat(send(request(path).header("Authorization", "Bearer " + TOKEN + "x"))
                            .statusCode())
                    .isEqualTo(401);
            assertThat(send(request(path + "?token=" + TOKEN)).statusCode()).isEqualTo(401);
        }
    }

    @Test
    void clientTokenIsNoAdminToken() throws Exception {
        String service = TestServer.token("service_role");
        assertThat(send(request("/admin/v1/status").header("Authorization", "Bearer " + service))
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void foreignHostIsRefused() throws Exception {
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", port())) {
            socket.getOutputStream()
                    .write(("GET /admin/v1/status HTTP/1.1\r\nHost: attacker.example\r\nConnection: close\r\n"
                                    + "Authorization: Bearer " + TOKEN + "\r\n\r\n")
                            .getBytes(UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 421").contains("AdminHostForeign");
        }
    }

    @Test
    void postOfAnotherSiteIsRefused() throws Exception {
        HttpResponse<String> answer = send(authorized("/admin/v1/disconnect")
                .header("Sec-Fetch-Site", "cross-site")
                .POST(HttpRequest.BodyPublishers.ofString("{\"sub\":\"u\"}")));
        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.body()).contains("AdminCrossSite");
    }

    @Test
    void clientPortHasNoAdminPaths() throws Exception {
        for (String path : List.of("/metrics", "/admin/v1/status")) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + path))
                    .header("Authorization", "Bearer " + TOKEN)
                    .build();
            assertThat(send(request).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void wrongMethodAndPathAreNamed() throws Exception {
        assertThat(send(authorized("/admin/v1/status").DELETE()).body()).contains("AdminMethodWrong");
        assertThat(send(authorized("/nowhere")).body()).contains("AdminNotFound");
        assertThat(Arrays.stream(AdminProblem.values()).map(AdminProblem::code)).doesNotHaveDuplicates();
    }

    // -- what it says

    @Test
    void statusTellsWhereTheFeedIs() throws Exception {
        JsonNode status = get("/admin/v1/status");
        assertThat(status.path("status").asText()).isEqualTo("ready");
        assertThat(status.path("version").asText()).matches("\\d+\\.\\d+\\.\\d+.*");
        assertThat(status.path("reader").path("state").asText()).isEqualTo("streaming");
        assertThat(status.path("slot").path("name").asText()).isEqualTo("admin");
        assertThat(status.path("positions").path("delivered").asText()).contains("/");
        assertThat(status.path("lag_seconds").asDouble()).isBetween(0.0, 30.0);
        assertThat(status.path("memory").path("budget_bytes").asLong()).isPositive();
        JsonNode health = get("/admin/v1/health");
        assertThat(health.path("tasks").findValuesAsText("name")).contains("walcast-source", "admin-listener");
    }

    @Test
    void socketsAreListedAndDisconnected() throws Exception {
        RawSocket one = server.open("anon");
        one.send("[\"1\",\"1\",\"realtime:listed\",\"phx_join\",{\"config\":{}}]");
        await().atMost(30, SECONDS)
                .until(() -> get("/admin/v1/sockets?topic=realtime:listed")
                                .path("total")
                                .asInt()
                        == 1);
        JsonNode socket =
                get("/admin/v1/sockets?topic=realtime:listed").path("sockets").path(0);
        assertThat(socket.path("role").asText()).isEqualTo("anon");
        assertThat(socket.path("sub").isNull()).isTrue();
        assertThat(socket.path("address").asText()).isEqualTo("127.0.0.1");
        assertThat(socket.toString()).doesNotContain(TestServer.SECRET).doesNotContain("eyJ");
        JsonNode channels = get("/admin/v1/channels");
        assertThat(channels.path("channels").findValuesAsText("topic")).contains("realtime:listed");

        HttpResponse<String> ended =
                disconnect("{\"socket\":\"" + socket.path("id").asText() + "\"}");
        assertThat(ended.statusCode()).isEqualTo(200);
        assertThat(ended.body()).contains("\"disconnected\":1");
        await().atMost(30, SECONDS)
                .until(() -> get("/admin/v1/sockets?topic=realtime:listed")
                                .path("total")
                                .asInt()
                        == 0);
        assertThat(disconnect("{\"socket\":\"s0\"}").statusCode()).isEqualTo(404);
        assertThat(disconnect("{}").statusCode()).isEqualTo(400);
        assertThat(disconnect("no json").statusCode()).isEqualTo(400);
    }

    @Test
    void changesAreCounted() throws Exception {
        double before = metric("walcast_changes_total");
        postgres.execute("insert into notes select n, 'x' from generate_series(1, 3) n");
        await().atMost(30, SECONDS).until(() -> metric("walcast_changes_total") >= before + 3);
        assertThat(metric("walcast_delivery_lag_seconds")).isBetween(0.0, 30.0);
        assertThat(metric("walcast_feed_state{state=\"streaming\"}")).isEqualTo(1);
        assertThat(metric("walcast_changes_hidden_total{reason=\"policy\"}")).isNotNegative();
    }

    @Test
    void latencyIsMeasuredFromCommitToSocket() throws Exception {
        String count = "walcast_commit_to_socket_seconds_count";
        try (RawSocket socket = server.open("anon")) {
            socket.send("[\"1\",\"1\",\"realtime:latency\",\"phx_join\",{\"config\":{\"postgres_changes\":"
                    + "[{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"notes\"}]}}]");
            socket.receive();
            socket.receive();
            double before = metric(count);
            postgres.execute("insert into notes values (1000, 'x')");
            socket.receive();
            await().atMost(30, SECONDS).until(() -> metric(count) == before + 1);
            assertThat(metric("walcast_commit_to_socket_seconds_sum")).isBetween(0.0, 30.0);
        }
    }

    @Test
    void refusalsAreCountedByCode() throws Exception {
        String joins = "walcast_joins_refused_total{code=\"PayloadSizeExceeded\"}";
        String tokens = "walcast_tokens_rejected_total{code=\"MalformedJWT\"}";
        double joinsBefore = metric(joins);
        double tokensBefore = metric(tokens);
        RawSocket socket = server.open("anon");
        socket.send("[\"1\",\"1\",\"realtime:refused\",\"phx_join\",{\"x\":\"" + "x".repeat(70_000) + "\"}]");
        HttpRequest broadcast = HttpRequest.newBuilder(URI.create(server.url() + "/api/broadcast"))
                .header("Authorization", "Bearer no.token")
                .POST(HttpRequest.BodyPublishers.ofString("{\"messages\":[]}"))
                .build();
        assertThat(send(broadcast).statusCode()).isEqualTo(401);
        await().atMost(30, SECONDS).until(() -> metric(joins) == joinsBefore + 1);
        assertThat(metric(tokens)).isGreaterThan(tokensBefore);
        assertThat(metric("walcast_rights_age_seconds")).isBetween(0.0, 30.0);
    }

    @Test
    void scraperChoosesTheFormat() throws Exception {
        HttpResponse<String> open =
                send(authorized("/metrics").header("Accept", "application/openmetrics-text; version=1.0.0"));
        assertThat(open.headers().firstValue("Content-Type").orElseThrow()).contains("openmetrics");
        assertThat(open.body()).endsWith("# EOF\n");
        assertThat(send(authorized("/metrics")).body()).doesNotContain(TOKEN).doesNotContain(TestServer.SECRET);
    }

    @Test
    void promtoolAcceptsTheMetrics() throws Exception {
        Process promtool;
        try {
            promtool = new ProcessBuilder("promtool", "check", "metrics")
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException _) {
            String why = "promtoolAcceptsTheMetrics is skipped: promtool is not installed";
            System.out.println(why);
            abort(why);
            return;
        }
        String own = send(authorized("/metrics"))
                .body()
                .lines()
                .filter(line -> line.contains("walcast_"))
                .collect(Collectors.joining("\n", "", "\n"));
        promtool.getOutputStream().write(own.getBytes(UTF_8));
        promtool.getOutputStream().close();
        String said = new String(promtool.getInputStream().readAllBytes(), UTF_8);
        assertThat(promtool.waitFor()).as(said).isZero();
    }

    @Test
    void metricsAreDocumented() throws Exception {
        String rows = send(authorized("/metrics"))
                .body()
                .lines()
                .filter(line -> line.startsWith("# HELP walcast_") || line.startsWith("# TYPE walcast_"))
                .collect(Collectors.groupingBy(line -> line.split(" ")[2], java.util.TreeMap::new, Collectors.toList()))
                .entrySet()
                .stream()
                .map(AdminPortTest::row)
                .collect(Collectors.joining());
        String expected = """
                # Metrics

                <!-- Written by AdminPortTest with -Dwalcast.write-docs; do not edit. -->

                `GET /metrics` on the [admin port](admin.md) answers in the text formats of Prometheus and OpenMetrics, and in protobuf, as
                the scraper asks. The metrics of the JVM (`jvm_*`, `process_*`) are those of the Prometheus library. Labels have a bounded
                number of values: no label is a topic, a user, a table or an address.

                | Metric | Type | Meaning |
                |---|---|---|
                """ + rows;
        if (System.getProperty("walcast.write-docs") != null) {
            Files.writeString(DOC, expected);
        }
        assertThat(Files.readString(DOC))
                .as("docs/operations/metrics.md differs from the code; run this test with -Dwalcast.write-docs")
                .isEqualTo(expected);
    }

    /// @param metric its name, and its two lines
    private static String row(java.util.Map.Entry<String, List<String>> metric) {
        String help = text(metric.getValue(), "# HELP ");
        String type = text(metric.getValue(), "# TYPE ");
        return "| `%s` | %s | %s |\n".formatted(metric.getKey(), type, help);
    }

    private static String text(List<String> lines, String kind) {
        return lines.stream()
                .filter(line -> line.startsWith(kind))
                .map(line -> line.split(" ", 4)[3])
                .findFirst()
                .orElse("");
    }

    // -- requests

    private static int port() {
        return server.server().adminPort().orElseThrow();
    }

    private static HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    }

    private static HttpRequest.Builder authorized(String path) {
        return request(path).header("Authorization", "Bearer " + TOKEN);
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return send(request.build());
    }

    private static HttpResponse<String> send(HttpRequest request) throws Exception {
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> disconnect(String body) throws Exception {
        return send(authorized("/admin/v1/disconnect").POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static JsonNode get(String path) throws Exception {
        HttpResponse<String> answer = send(authorized(path));
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        return JSON.readTree(answer.body());
    }

    private static double metric(String series) throws Exception {
        try (Stream<String> lines = send(authorized("/metrics")).body().lines()) {
            return lines.filter(line -> line.startsWith(series + " "))
                    .map(line -> Double.parseDouble(line.substring(series.length() + 1)))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("no " + series));
        }
    }
}
