package dev.walcast.server.chaos;

import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.TestServer;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/// A server in its own process, which can be killed and starts again on the same port and slot.
final class ChaosServer implements AutoCloseable {
    static final String SLOT = "chaos";

    private static final int STARTS_MAX = 5;

    private final Path folder;
    private final TestPostgres postgres;
    private final int port;
    private DevProcess process;

    ChaosServer(Path folder, TestPostgres postgres) throws Exception {
        this.folder = folder;
        this.postgres = postgres;
        try (ServerSocket free = new ServerSocket(0)) {
            this.port = free.getLocalPort();
        }
        this.process = serve();
    }

    int port() {
        return port;
    }

    /// kill -9, and a new one after a while.
    void kill(Runnable meanwhile) throws Exception {
        process.kill();
        meanwhile.run();
        process.close();
        process = serve();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    String output() throws Exception {
        return process.output();
    }

    /// Retries like a supervisor: the slot may be held by the killed server for a while.
    private DevProcess serve() throws Exception {
        for (int i = 1; ; i++) {
            DevProcess started = started();
            if (started.isAlive()) {
                return started;
            }
            if (i == STARTS_MAX) {
                throw new AssertionError("the server ended: " + started.output());
            }
            started.close();
        }
    }

    private DevProcess started() throws Exception {
        DevProcess started = DevProcess.run(
                folder,
                Map.ofEntries(
                        Map.entry("DATABASE_URL", postgres.url()),
                        Map.entry("JWT_SECRET", TestServer.SECRET),
                        Map.entry("PORT", Integer.toString(port)),
                        Map.entry("HOST", "127.0.0.1"),
                        Map.entry("SLOT_NAME", SLOT),
                        Map.entry("HEARTBEAT", "1s"),
                        Map.entry("OUTBOX", "256KiB"),
                        Map.entry("MAX_FRAME", "100000"),
                        Map.entry("SNAPSHOT_CHUNK", "8KiB"),
                        Map.entry("MAX_PAYLOAD", "50000"),
                        Map.entry("MAX_PRESENCE_SIZE", "64KiB"),
                        Map.entry("WRITE_TIMEOUT", "3s"),
                        Map.entry("TRANSACTION_MEMORY", "1MiB"),
                        Map.entry("JOIN_ERROR_DELAY", "100ms"),
                        Map.entry("REFUSAL_DELAY", "100ms"),
                        Map.entry("READER", TestServer.READER.name())),
                "serve");
        await().atMost(Duration.ofSeconds(90))
                .until(() -> started.output().contains("listening") || !started.isAlive());
        return started;
    }

    @Override
    public void close() throws Exception {
        process.close();
    }
}
