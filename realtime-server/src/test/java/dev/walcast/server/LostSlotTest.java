package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// The messages to clients when Postgres removes log that the slot needed. The replay window never causes that.
class LostSlotTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String SLOT = "lost";

    private static TestPostgres postgres(String keepSize) {
        TestPostgres postgres = TestPostgres.start(
                Map.of("max_slot_wal_keep_size", keepSize, "min_wal_size", "32MB", "max_wal_size", "64MB"));
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key)",
                "create table noise (b text)",
                "grant select on rows to anon",
                "create publication supabase_realtime for table rows");
        return postgres;
    }

    @Test
    void lostSlotResetsAllClientsAndOldPositions() throws Exception {
        try (TestPostgres postgres = postgres("1MB");
                TestServer server = TestServer.start(TestServer.settings(postgres, SLOT))) {
            JsonNode live;
            String position;
            try (RawSocket socket = server.open("anon")) {
                socket.patience(PATIENCE);
                live = join(socket, "");
                postgres.execute("insert into rows values (1)");
                position = next(socket, "postgres_changes").at("/data/position").asText();
                AtomicBoolean told = new AtomicBoolean();
                Thread writer = Thread.ofVirtual().start(() -> writeUntil(told, postgres));
                JsonNode system = next(socket, "system");
                told.set(true);
                writer.join();
                assertThat(system.at("/resume/0/reason").asText()).isEqualTo("epoch_changed");
                assertThat(system.get("epoch")).isNotEqualTo(live.get("epoch"));
            }
            try (RawSocket socket = server.open("anon")) {
                socket.patience(PATIENCE);
                JsonNode system = join(socket, ",\"resume\":\"" + position + "\"");
                assertThat(system.at("/resume/0/reason").asText()).isEqualTo("epoch_changed");
                postgres.execute("insert into rows values (2)");
                assertThat(next(socket, "postgres_changes")
                                .at("/data/record/id")
                                .asInt())
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void windowEvictsBeforeTheSlotIsLost() throws Exception {
        try (TestPostgres postgres = postgres("192MB");
                TestServer server = TestServer.start(TestServer.settings(postgres, SLOT));
                RawSocket socket = server.open("anon")) {
            socket.patience(PATIENCE);
            JsonNode live = join(socket, "");
            postgres.execute("insert into rows values (1)");
            next(socket, "postgres_changes");
            for (int i = 0; i < 8; i++) {
                write(postgres);
                await().atMost(PATIENCE).until(() -> keptBytes(postgres) < 120L << 20);
                assertThat(socket.untilHeartbeat(false)).isEmpty();
            }
            postgres.execute("insert into rows values (2)");
            JsonNode change = next(socket, "postgres_changes");
            assertThat(change.at("/data/position").asText())
                    .startsWith(live.get("epoch").asText());
        }
    }

    private static JsonNode join(RawSocket socket, String resume) throws Exception {
        socket.join(
                "realtime:r",
                "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\"" + resume + "}]}");
        return next(socket, "system");
    }

    private static JsonNode next(RawSocket socket, String event) throws Exception {
        JsonNode frame = socket.receiveJson();
        assertThat(frame.get(3).asText()).as(frame.toString()).isEqualTo(event);
        return frame.get(4);
    }

    private static void writeUntil(AtomicBoolean enough, TestPostgres postgres) {
        while (!enough.get()) {
            write(postgres);
        }
    }

    /// Writes about one segment of log and makes Postgres remove old log.
    private static void write(TestPostgres postgres) {
        postgres.execute(
                "insert into noise select repeat('x', 1000) from generate_series(1, 15000)",
                "select pg_switch_wal()",
                "checkpoint");
    }

    private static long keptBytes(TestPostgres postgres) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(
                        "select max(pg_current_wal_lsn() - restart_lsn)::int8 from pg_replication_slots")) {
            row.next();
            return row.getLong(1);
        }
    }
}
