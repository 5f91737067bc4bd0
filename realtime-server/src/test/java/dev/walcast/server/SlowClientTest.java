package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Clients that stop reading during a stream of changes, beside others that continue.
class SlowClientTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final long OUTBOX = 1 << 20;
    private static final int ROWS = 4_000;
    private static final int HEALTHY = 5;
    private static final int STOPPED = 3;

    @Test
    void slowClientsAreClosedAndOthersServed() throws Exception {
        try (TestPostgres postgres = TestPostgres.start();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            postgres.execute(
                    "create role anon nologin; grant usage on schema public to anon",
                    "create table rows (id int primary key, v text); grant select on rows to anon",
                    "create publication supabase_realtime for table rows");
            try (TestServer server =
                    TestServer.start(TestServer.settings(postgres.url(), "slow", TestServer.REPLAY, OUTBOX))) {
                List<RawSocket> stopped = joined(STOPPED, server);
                List<Future<List<Integer>>> healthy = new ArrayList<>();
                AtomicLong received = new AtomicLong();
                for (RawSocket socket : joined(HEALTHY, server)) {
                    healthy.add(threads.submit(readAll(socket, received)));
                }
                for (int from = 1; from <= ROWS; from += 100) {
                    postgres.execute("insert into rows select n, repeat('x', 4000) from generate_series(" + from + ", "
                            + (from + 99) + ") n");
                    long all = (from + 99L) * HEALTHY;
                    await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> received.get() == all);
                }
                for (Future<List<Integer>> one : healthy) {
                    assertThat(one.get()).isEqualTo(ids());
                }
                await().atMost(PATIENCE)
                        .until(() -> server.server().sockets().stats().closed(CloseReason.SLOW_CONSUMER) == STOPPED);
                for (RawSocket socket : stopped) {
                    assertResumes(socket, server);
                }
            }
        }
    }

    /// Clients with small buffers, so that waiting frames stay at the server.
    private static List<RawSocket> joined(int count, TestServer server) throws Exception {
        List<RawSocket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            RawSocket socket = open(server);
            socket.join("realtime:r", binding(""));
            JsonNode system = socket.receiveJson();
            assertThat(system.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            sockets.add(socket);
        }
        return sockets;
    }

    private static RawSocket open(TestServer server) throws Exception {
        RawSocket socket = RawSocket.openWithSmallBuffer(
                server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"));
        socket.patience(PATIENCE);
        return socket;
    }

    private static String binding(String resume) {
        return "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\"" + resume + "}]}";
    }

    private static Callable<List<Integer>> readAll(RawSocket socket, AtomicLong received) {
        return () -> {
            List<Integer> ids = new ArrayList<>();
            try (socket) {
                while (ids.size() < ROWS) {
                    ids.add(socket.receiveJson().at("/4/data/record/id").asInt());
                    received.incrementAndGet();
                }
            }
            return ids;
        };
    }

    /// Reads again: the frames sent before it stopped, and the goodbye if it was sent in time.
    private static void assertResumes(RawSocket socket, TestServer server) throws Exception {
        List<Integer> ids = new ArrayList<>();
        String position = "";
        try (socket) {
            RawSocket.Received received = socket.receive();
            while (received instanceof RawSocket.Received.Text text) {
                JsonNode data = text.json().at("/4/data");
                ids.add(data.at("/record/id").asInt());
                position = data.get("position").asText();
                received = socket.receive();
            }
            assertThat(((RawSocket.Received.Closed) received).code()).isIn(CloseReason.SLOW_CONSUMER.code(), 1006);
        }
        assertThat(ids.size())
                .as("bounded by the outbox and the buffers of the socket")
                .isLessThan(ROWS);
        try (RawSocket back = open(server)) {
            back.join("realtime:r", binding(",\"resume\":\"" + position + "\""));
            while (ids.size() < ROWS) {
                ids.add(back.receiveJson().at("/4/data/record/id").asInt());
            }
            assertThat(ids).isEqualTo(ids());
            assertThat(back.receiveJson().at("/4/resume/0/status").asText()).isEqualTo("resumed");
        }
    }

    private static List<Integer> ids() {
        return IntStream.rangeClosed(1, ROWS).boxed().toList();
    }
}
