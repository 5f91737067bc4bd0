package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.readers.FreezableProxy;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// `/readyz` while the feed breaks in each possible way.
@ParameterizedClass
@EnumSource(ServerSettings.Reader.class)
class HealthTruthTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String USER = "11111111-1111-1111-1111-111111111111";

    @Parameter
    private ServerSettings.Reader reader;

    private final HttpClient client = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();
    private TestPostgres postgres;
    private FreezableProxy proxy;
    private TestServer server;

    @BeforeEach
    void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role authenticated",
                "create table ends (n int); create table slow (id int primary key)",
                "create table neighbour (id int, body text)",
                "alter table slow enable row level security",
                "create policy p on slow using (pg_sleep(id) is not null)",
                "grant select on ends, slow to authenticated",
                "create publication supabase_realtime for table ends, slow");
        proxy = new FreezableProxy(postgres.port());
        String url = "postgres://postgres:x@127.0.0.1:" + proxy.port() + "/postgres";
        ServerSettings usual = TestServer.settings(url, "truth_" + reader.name().toLowerCase(Locale.ROOT));
        server = TestServer.start(TestServer.withGuardian(
                TestServer.withReader(usual, reader),
                new SlotGuardian.Settings(Duration.ofSeconds(1), Duration.ofSeconds(10), 1L << 30)));
        awaitHealthy();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
        proxy.close();
        postgres.close();
        client.close();
    }

    private record Answer(int status, String reasons, double lag) {}

    private Answer readyz() {
        try {
            HttpResponse<String> answer = client.send(
                    HttpRequest.newBuilder(URI.create(server.url() + "/readyz")).build(),
                    HttpResponse.BodyHandlers.ofString());
            JsonNode body = json.readTree(answer.body());
            return new Answer(
                    answer.statusCode(),
                    body.get("reasons").toString(),
                    body.get("lag_seconds").asDouble());
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void awaitHealthy() {
        await().atMost(PATIENCE).until(() -> readyz().status == 200 && readyz().lag < 1.5);
    }

    private void awaitReason(String reason) {
        await().atMost(PATIENCE)
                .until(() -> readyz().status == 503 && readyz().reasons.contains(reason));
    }

    @Test
    void statusAndLagFollowTheFeed() throws Exception {
        foreignLogIsNoLag();
        // Before anything that interrupts the reader: one that begins gets a minute until it counts as stalled.
        aFrozenReaderIsNotReadyAndTheLagGrows();
        aKilledWalsenderIsReplaced();
        heldDeliveryIsLag();
        aDatabaseThatRefusesIsNotReadyAndTheLagGrows();
    }

    private void foreignLogIsNoLag() {
        postgres.execute("insert into neighbour select n, repeat('x', 500) from generate_series(1, 40000) n");
        await().during(Duration.ofSeconds(4)).atMost(Duration.ofSeconds(5)).until(() -> readyz().status == 200);
        awaitHealthy();
    }

    /// The server may not know yet that the walsender has gone.
    private void aKilledWalsenderIsReplaced() {
        int killed = walsender();
        postgres.execute("select pg_terminate_backend(" + killed + ")");
        await().atMost(PATIENCE).until(() -> walsender() != 0 && walsender() != killed);
        awaitHealthy();
    }

    /// @return its process; 0 when there is none
    private int walsender() {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select active_pid from pg_replication_slots where slot_type = 'logical' and active")) {
            return row.next() ? row.getInt(1) : 0;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void aDatabaseThatRefusesIsNotReadyAndTheLagGrows() {
        proxy.refuse(true);
        proxy.cut();
        awaitReason("feed_interrupted");
        await().atMost(PATIENCE).until(() -> readyz().lag > 4);
        assertThat(readyz().status).isEqualTo(503);
        proxy.refuse(false);
        awaitHealthy();
    }

    private void aFrozenReaderIsNotReadyAndTheLagGrows() {
        proxy.freeze();
        awaitReason("feed_stalled");
        assertThat(readyz().lag).isGreaterThan(4);
        awaitHealthy();
    }

    /// Some tables' trouble makes the server no less ready.
    private void heldDeliveryIsLag() throws Exception {
        try (ChangeListener listener =
                ChangeListener.join(server, USER, "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"slow\"}")) {
            postgres.execute("insert into slow values (60)");
            await().atMost(PATIENCE).until(() -> readyz().lag > 2);
            Answer answer = readyz();
            assertThat(answer.status).as(answer.reasons).isEqualTo(200);
            awaitHealthy();
        }
    }
}
