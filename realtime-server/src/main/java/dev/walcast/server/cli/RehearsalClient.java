package dev.walcast.server.cli;

import dev.walcast.cdc.postgres.PostgresUrl;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Uses a server as its first client does: joins, receives the change of a row, a broadcast and its own presence.
final class RehearsalClient {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String JOIN = """
            ["1","1","realtime:rehearsal","phx_join",{"config":{"broadcast":{"self":true},"presence":{"key":"me"},\
            "postgres_changes":[{"event":"*","schema":"public","table":"messages","filter":"room_id=eq.general"}]}}]""";
    private static final String TRACK = """
            ["1","2","realtime:rehearsal","presence",{"type":"presence","event":"track","payload":{"here":true}}]""";
    private static final String BROADCAST = """
            {"messages":[{"topic":"rehearsal","event":"from-rest","payload":{"number":1}}]}""";

    private final int port;
    private final String anonKey;
    private final String serviceKey;

    RehearsalClient(int port, String anonKey, String serviceKey) {
        this.port = port;
        this.anonKey = anonKey;
        this.serviceKey = serviceKey;
    }

    /// Returns when all of it has come.
    ///
    /// @param superuserUrl of the database in which it inserts a row
    void use(String superuserUrl) throws IOException, InterruptedException, SQLException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            awaitReady(client);
            Messages messages = new Messages();
            WebSocket socket = client.newWebSocketBuilder()
                    .buildAsync(
                            URI.create("ws://127.0.0.1:" + port + "/realtime/v1/websocket?vsn=2.0.0&apikey=" + anonKey),
                            messages)
                    .join();
            socket.sendText(JOIN, true).join();
            messages.awaitOneWith("Subscribed to PostgreSQL");
            socket.sendText(TRACK, true).join();
            messages.awaitOneWith("presence_diff");
            insert(superuserUrl);
            messages.awaitOneWith("\"postgres_changes\",{\"ids\"");
            client.send(broadcast(), BodyHandlers.discarding());
            messages.awaitOneWith("from-rest");
            // Closing the client waits for its sockets.
            socket.abort();
        }
    }

    private void awaitReady(HttpClient client) throws IOException, InterruptedException {
        HttpRequest ready =
                HttpRequest.newBuilder(uri("/readyz")).timeout(PATIENCE).build();
        long began = System.nanoTime();
        while (client.send(ready, BodyHandlers.discarding()).statusCode() != 200) {
            if (System.nanoTime() - began > PATIENCE.toNanos()) {
                throw new IOException("the server is not ready within " + PATIENCE.toSeconds() + " s");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    private HttpRequest broadcast() {
        return HttpRequest.newBuilder(uri("/realtime/v1/api/broadcast"))
                .timeout(PATIENCE)
                .header("apikey", serviceKey)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(BROADCAST))
                .build();
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private static void insert(String superuserUrl) throws SQLException {
        PostgresUrl url = PostgresUrl.parse(superuserUrl);
        try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), url.properties());
                Statement statement = connection.createStatement()) {
            statement.execute("insert into public.messages (body) values ('rehearsal')");
        }
    }

    /// What the server has sent.
    private static final class Messages implements WebSocket.Listener {
        private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
        private final StringBuilder message = new StringBuilder();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                messages.add(message.toString());
                message.setLength(0);
            }
            socket.request(1);
            return null;
        }

        void awaitOneWith(String part) throws IOException, InterruptedException {
            String next = "";
            while (!next.contains(part)) {
                next = messages.poll(PATIENCE.toSeconds(), TimeUnit.SECONDS);
                if (next == null) {
                    throw new IOException("the server does not send " + part);
                }
            }
        }
    }
}
