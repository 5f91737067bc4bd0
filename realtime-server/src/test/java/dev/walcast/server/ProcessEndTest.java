package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.cli.ExhaustibleServer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A server with a small heap that a supervisor starts again whenever it ends, and clients that reconnect.
@Timeout(300)
class ProcessEndTest {
    private static final Duration PATIENCE = Duration.ofSeconds(120);
    private static final Duration COME_BACK_AFTER = Duration.ofMillis(50);
    private static final int KILLED = 128 + 9;

    private static TestPostgres postgres;

    @TempDir
    private Path folder;

    private Restarting server;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key, body text)",
                "grant select on rows to anon",
                "create table bulk (id int, body text)",
                "create publication supabase_realtime for table rows, bulk");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void start() throws IOException {
        postgres.execute("truncate rows");
        server = new Restarting(folder);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    /// Restarts the process like compose, systemd and Kubernetes.
    private static final class Restarting implements AutoCloseable {
        private final Path trigger;
        private final Path output;
        private final int port;
        private final List<Integer> exitCodes = new CopyOnWriteArrayList<>();
        private final Thread thread;
        private volatile @Nullable Process process;
        private volatile boolean enough;

        Restarting(Path folder) throws IOException {
            trigger = folder.resolve("exhaust");
            output = folder.resolve("output");
            try (ServerSocket free = new ServerSocket(0)) {
                port = free.getLocalPort();
            }
            thread = Thread.ofVirtual().start(this::run);
        }

        private void run() {
            try {
                while (!enough) {
                    Process started = start();
                    process = started;
                    exitCodes.add(started.waitFor());
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private Process start() throws IOException {
            ProcessBuilder builder = new ProcessBuilder(
                            ProcessHandle.current().info().command().orElseThrow(),
                            "-Xmx128m",
                            "-XX:+UseSerialGC",
                            "-Xss512k",
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-Dlogback.configurationFile="
                                    + Path.of("src/main/resources/logback.xml").toAbsolutePath(),
                            ExhaustibleServer.class.getName(),
                            trigger.toString(),
                            "serve")
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
            builder.environment()
                    .putAll(Map.of(
                            "DATABASE_URL",
                            postgres.url(),
                            "JWT_SECRET",
                            TestServer.SECRET,
                            "HOST",
                            "127.0.0.1",
                            "PORT",
                            Integer.toString(port),
                            "RESTART_HOLD",
                            "60s",
                            "READER",
                            TestServer.READER.name()));
            return builder.start();
        }

        void kill() {
            Process running = process;
            if (running != null) {
                running.destroyForcibly();
            }
        }

        void exhaust() throws IOException {
            Files.createFile(trigger);
        }

        String output() throws IOException {
            return Files.readString(output);
        }

        @Override
        public void close() throws Exception {
            enough = true;
            kill();
            thread.interrupt();
            thread.join();
            kill();
        }
    }

    /// Comes back whenever its connection ends.
    private static final class Client implements AutoCloseable {
        private final int port;
        private final boolean namesPosition;
        private final ConcurrentSkipListSet<Integer> received = new ConcurrentSkipListSet<>();
        private final Thread thread;
        private volatile int lives;
        private volatile boolean enough;
        private @Nullable String position;

        Client(int port, boolean namesPosition) {
            this.port = port;
            this.namesPosition = namesPosition;
            this.thread = Thread.ofVirtual().start(this::run);
        }

        private void run() {
            await().forever()
                    .pollInSameThread()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(COME_BACK_AFTER)
                    .until(this::hasEnoughAfterAnotherLife);
        }

        private boolean hasEnoughAfterAnotherLife() {
            try (RawSocket socket = RawSocket.open(
                    port, "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"), Map.of())) {
                socket.patience(Duration.ofSeconds(5));
                join(socket);
                listen(socket);
            } catch (IOException | AssertionError _) {
                // The server is gone, or not there yet.
            }
            return enough;
        }

        private void join(RawSocket socket) throws IOException {
            String resume = namesPosition && position != null ? ",\"resume\":\"" + position + "\"" : "";
            socket.send("[\"1\",\"1\",\"realtime:rows\",\"phx_join\",{\"config\":{\"postgres_changes\":[{\"event\":"
                    + "\"INSERT\",\"schema\":\"public\",\"table\":\"rows\"" + resume + "}]}}]");
        }

        private void listen(RawSocket socket) throws IOException {
            while (!enough) {
                JsonNode frame;
                try {
                    frame = socket.receiveJson();
                } catch (java.net.SocketTimeoutException e) {
                    socket.send("[null,\"h\",\"phoenix\",\"heartbeat\",{}]");
                    continue;
                }
                switch (frame.get(3).asText()) {
                    case "postgres_changes" -> {
                        received.add(frame.at("/4/data/record/id").asInt());
                        position = frame.at("/4/data/position").asText();
                    }
                    case "system" -> {
                        if (frame.at("/4/message").asText().equals("Subscribed to PostgreSQL")) {
                            lives++;
                        }
                    }
                    default -> {}
                }
            }
        }

        @Override
        public void close() throws InterruptedException {
            enough = true;
            thread.join();
        }
    }

    /// Inserts rows one by one.
    private static final class Writer implements AutoCloseable {
        private final ConcurrentSkipListSet<Integer> committed = new ConcurrentSkipListSet<>();
        private final Thread thread = Thread.ofVirtual().unstarted(this::write);
        private volatile boolean enough;

        Writer() {
            thread.start();
        }

        private void write() {
            try (Connection connection = postgres.connect();
                    Statement statement = connection.createStatement()) {
                for (int id = 1; !enough; id++) {
                    statement.execute("insert into rows values (" + id + "); select pg_sleep(0.01)");
                    committed.add(id);
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void close() throws InterruptedException {
            enough = true;
            thread.join();
        }
    }

    @Test
    void restartedServerLosesNoRowAfterKillOrExhaustion() throws Exception {
        try (Client resuming = new Client(server.port, true);
                Client waiting = new Client(server.port, false)) {
            List<Client> clients = List.of(resuming, waiting);
            await().atMost(PATIENCE).until(() -> clients.stream().allMatch(client -> client.lives == 1));
            Writer writer = new Writer();
            try (writer) {
                awaitRows(clients, 50);
                server.kill();
                await().atMost(PATIENCE).until(() -> clients.stream().allMatch(client -> client.lives == 2));
                awaitRows(clients, writer.committed.last() + 50);
                server.exhaust();
                await().atMost(PATIENCE).until(() -> clients.stream().allMatch(client -> client.lives == 3));
                awaitRows(clients, writer.committed.last() + 50);
            }
            for (Client client : clients) {
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(client.received).containsAll(writer.committed));
            }
        }
        assertThat(new ArrayList<>(server.exitCodes))
                .as(server.output())
                .containsExactly(KILLED, FatalErrors.MEMORY_EXIT_CODE);
    }

    private static void awaitRows(List<Client> clients, int id) {
        await().atMost(PATIENCE)
                .until(() -> clients.stream()
                        .allMatch(client -> !client.received.isEmpty() && client.received.last() >= id));
    }

    @Test
    void largeTransactionFitsIntoASmallHeap() throws Exception {
        try (Client client = new Client(server.port, true)) {
            await().atMost(PATIENCE).until(() -> client.lives == 1);
            postgres.execute("begin; insert into bulk select n, repeat('x', 100) from generate_series(1, 200000) as n;"
                    + " insert into rows values (-1, 'the last of its transaction'); commit");
            await().atMost(PATIENCE).until(() -> client.received.contains(-1));
        }
        assertThat(server.exitCodes).as(server.output()).isEmpty();
    }
}
