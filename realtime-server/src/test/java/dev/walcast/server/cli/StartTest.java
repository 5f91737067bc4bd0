package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.TestServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `walcast serve` while its database is unavailable: it reports why, waits, and ends on a signal.
class StartTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// Far more than it takes, and less than any timeout of a connection.
    private static final Duration END = Duration.ofSeconds(8);

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"debezium", "native"})
    void startWaitsForDatabase(String reader) throws Exception {
        int port = freePort();
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("create publication supabase_realtime");
            postgres.stop();
            try (DevProcess serve = serve(postgres.url(), port, reader)) {
                await().atMost(PATIENCE).until(() -> serve.output().contains("will try again: Nothing answers"));
                assertThat(serve.output())
                        .contains("Nothing answers as Postgres at 127.0.0.1:" + postgres.port())
                        .doesNotContain("Exception");
                await().atMost(PATIENCE).until(() -> readyz(port) != null);
                assertThat(readyz(port).statusCode()).isEqualTo(503);
                assertThat(readyz(port).body()).contains("\"not_ready\"", "[\"feed_starting\"]");
                assertThat(serve.isAlive()).isTrue();

                postgres.restart();
                await().atMost(PATIENCE).until(() -> serve.output().contains("listening on port " + port));
                assertThat(serve.output().split("Nothing answers", -1))
                        .as("logged once")
                        .hasSize(2);
                await().atMost(PATIENCE).until(() -> readyz(port).statusCode() == 200);
                assertEnds(serve);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"debezium", "native"})
    void silentHostIsReported(String reader) throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String url = "postgres://u:secretword@127.0.0.1:" + silent.getLocalPort() + "/d";
            try (DevProcess serve = serve(url, 0, reader)) {
                await().atMost(PATIENCE).until(() -> serve.output().contains("has not answered for 2 s"));
                assertThat(serve.output()).contains("127.0.0.1:" + silent.getLocalPort());
                assertEnds(serve);
                assertThat(serve.output()).doesNotContain("secretword", "Exception");
            }
        }
    }

    @Test
    void wrongEvaluationLoginIsReported() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("create publication supabase_realtime");
            Map<String, String> environment = Map.of(
                    "DATABASE_URL",
                    postgres.url(),
                    "EVALUATION_DATABASE_URL",
                    postgres.url("postgres", "nosuchrole", "secretword", "postgres"),
                    "JWT_SECRET",
                    TestServer.SECRET,
                    "PORT",
                    "0");
            try (DevProcess serve = DevProcess.run(folder, environment, "serve")) {
                assertThat(serve.exitCode()).isEqualTo(1);
                assertThat(serve.output())
                        .contains("refuses user \"nosuchrole\"", "EVALUATION_DATABASE_URL")
                        .doesNotContain("secretword", "Exception");
            }
        }
    }

    private static void assertEnds(DevProcess serve) throws Exception {
        long began = System.nanoTime();
        serve.terminate();
        serve.exitCode();
        Duration took = Duration.ofNanos(System.nanoTime() - began);
        assertThat(took).isLessThan(END);
    }

    private DevProcess serve(String url, int port, String reader) throws Exception {
        return DevProcess.run(
                folder,
                Map.of(
                        "DATABASE_URL",
                        url,
                        "JWT_SECRET",
                        TestServer.SECRET,
                        "HOST",
                        "127.0.0.1",
                        "PORT",
                        Integer.toString(port),
                        "READER",
                        reader),
                "serve");
    }

    private static HttpResponse<String> readyz(int port) {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/readyz"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (java.io.IOException e) {
            return null;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static int freePort() throws Exception {
        try (ServerSocket socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }
}
