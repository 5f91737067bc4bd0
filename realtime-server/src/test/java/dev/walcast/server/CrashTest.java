package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Kills the server and Postgres with SIGKILL, each during a stream of inserts.
class CrashTest {
    private static final String ROWS = """
            {"event":"INSERT","schema":"public","table":"rows"}""";

    @TempDir
    private Path folder;

    /// Inserts one row a transaction through every crash, and notes those whose commit Postgres confirmed.
    private static final class Writer implements AutoCloseable {
        private final TestPostgres postgres;
        private final ConcurrentSkipListSet<Integer> committed = new ConcurrentSkipListSet<>();
        private final AtomicBoolean enough = new AtomicBoolean();
        private final Thread thread;

        Writer(TestPostgres postgres) {
            this.postgres = postgres;
            this.thread = Thread.ofVirtual().start(this::write);
        }

        private void write() {
            int id = 0;
            while (!enough.get()) {
                try (Connection connection = postgres.connect();
                        Statement statement = connection.createStatement()) {
                    while (!enough.get()) {
                        statement.execute("insert into rows values (" + ++id + "); select pg_sleep(0.005)");
                        committed.add(id);
                    }
                } catch (SQLException _) {
                    // Whether the last row was committed is not known.
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            enough.set(true);
            thread.join();
        }
    }

    private static TestPostgres postgres() {
        TestPostgres postgres = TestPostgres.start(Map.of("fsync", "on", "synchronous_commit", "on"));
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key)",
                "grant select on rows to anon",
                "create publication supabase_realtime for table rows");
        return postgres;
    }

    private static TestPostgres guarded() {
        TestPostgres postgres = postgres();
        postgres.execute(
                "create table allowed (yes boolean); insert into allowed values (true); grant select on allowed to anon",
                "alter table rows enable row level security",
                "create policy asked on rows using (exists (select 1 from allowed where yes and pg_sleep(0.001) is not null))");
        return postgres;
    }

    @Test
    void killedServerDeliversTheRestAfterRestart() throws Exception {
        NodeScript.assumeNode();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (TestPostgres postgres = postgres()) {
            DevProcess server = serve(postgres, port);
            try (NodeScript client = NodeScript.start(
                    "listen.mjs",
                    "{\"quiet\":true,\"bindings\":[" + ROWS + "]}",
                    Map.of("WALCAST_URL", "http://127.0.0.1:" + port, "ANON_KEY", TestServer.token("anon")))) {
                client.awaitLive();
                try (Writer writer = new Writer(postgres)) {
                    await().until(() -> digest(client).get("distinct").asInt() > 100);
                    server.kill();
                    int atKill = writer.committed.last();
                    await().until(() -> writer.committed.last() > atKill + 100);
                    server.close();
                    server = serve(postgres, port);
                    client.awaitLive();
                    int afterRestart = writer.committed.last();
                    await().until(() -> writer.committed.last() > afterRestart + 100);
                    writer.close();
                    await().atMost(Duration.ofSeconds(40))
                            .until(() -> digest(client).get("distinct").asInt() == writer.committed.size());
                    assertThat(digest(client).get("last").asInt()).isEqualTo(writer.committed.last());
                }
            } finally {
                server.close();
            }
        }
    }

    /// The unmodified client knows only the timestamp of a change. Changes that share it may come twice.
    @Test
    void lateResumeByTimestampAfterKillMissesNothing() throws Exception {
        NodeScript.assumeNode();
        int port;
        try (ServerSocket free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        try (TestPostgres postgres = postgres()) {
            DevProcess server = serve(postgres, port);
            Map<String, String> environment =
                    Map.of("WALCAST_URL", "http://127.0.0.1:" + port, "ANON_KEY", TestServer.token("anon"));
            try (NodeScript client = NodeScript.start(
                    "listen.mjs", "{\"quiet\":true,\"resume\":true,\"bindings\":[" + ROWS + "]}", environment)) {
                client.awaitLive();
                postgres.execute("select pg_sleep(1.1)");
                try (Writer writer = new Writer(postgres)) {
                    await().until(() -> digest(client).get("distinct").asInt() > 100);
                    client.command("{\"cmd\":\"cut\"}");
                    assertResumed(client);
                    server.kill();
                    int atKill = writer.committed.last();
                    await().until(() -> writer.committed.last() > atKill + 100);
                    server.close();
                    server = serve(postgres, port, "0s");
                    assertResumed(client);
                    writer.close();
                    await().atMost(Duration.ofSeconds(40))
                            .until(() -> digest(client).get("distinct").asInt() == writer.committed.size());
                }
            } finally {
                server.close();
            }
        }
    }

    private static void assertResumed(NodeScript client) throws Exception {
        JsonNode system = client.await(
                "system", line -> line.at("/message/message").asText().equals("Subscribed to PostgreSQL"));
        assertThat(system.at("/message/resume/0/status").asText()).isEqualTo("resumed");
    }

    private DevProcess serve(TestPostgres postgres, int port) throws Exception {
        return serve(postgres, port, "10s");
    }

    private DevProcess serve(TestPostgres postgres, int port, String restartHold) throws Exception {
        DevProcess server = DevProcess.run(
                folder,
                Map.of(
                        "DATABASE_URL",
                        postgres.url(),
                        "JWT_SECRET",
                        TestServer.SECRET,
                        "PORT",
                        Integer.toString(port),
                        "RESTART_HOLD",
                        restartHold,
                        "READER",
                        TestServer.READER.name()),
                "serve");
        await().atMost(Duration.ofSeconds(60)).until(() -> server.output().contains("listening") || !server.isAlive());
        assertThat(server.output()).contains("Walcast is listening on port " + port);
        return server;
    }

    private static JsonNode digest(NodeScript client) throws Exception {
        client.command("{\"cmd\":\"digest\"}");
        return client.await("digest", _ -> true);
    }

    /// @param guarded whether every row needs a question, so that a question is open when Postgres dies
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void postgresCrashLosesNothingForSubscribers(boolean guarded) throws Exception {
        try (TestPostgres postgres = guarded ? guarded() : postgres();
                TestServer server = TestServer.start(postgres);
                RawSocket socket = server.open("anon")) {
            socket.join("realtime:r", "{\"postgres_changes\":[" + ROWS + "]}");
            assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            assertThat(readiness(server)).isEqualTo(200);
            TreeSet<Integer> received = new TreeSet<>();
            try (Writer writer = new Writer(postgres)) {
                receive(socket, received, 100);
                postgres.killHard();
                await().until(() -> readiness(server) == 503);
                postgres.restart();
                receive(socket, received, 100);
                writer.close();
                while (!received.containsAll(writer.committed)) {
                    receive(socket, received, 1);
                }
            }
            await().until(() -> readiness(server) == 200);
        }
    }

    private static void receive(RawSocket socket, TreeSet<Integer> received, int count) throws Exception {
        socket.patience(Duration.ofSeconds(40));
        for (int i = 0; i < count; ) {
            JsonNode frame = socket.receiveJson();
            if (frame.get(3).asText().equals("postgres_changes")) {
                int id = frame.at("/4/data/record/id").asInt();
                assertThat(received.isEmpty() || id > received.last())
                        .as("in commit order, once each")
                        .isTrue();
                received.add(id);
                i++;
            }
        }
    }

    private static int readiness(TestServer server) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(server.url() + "/readyz"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .statusCode();
        }
    }
}
