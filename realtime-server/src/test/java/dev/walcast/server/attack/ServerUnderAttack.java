package dev.walcast.server.attack;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/// The real server in its own process, with a supervisor that starts it again on the same port whenever it ends, as
/// systemd or compose do. The supervisor does not end it: a server that cannot continue must end by itself.
final class ServerUnderAttack implements AutoCloseable {
    private static final Duration START = Duration.ofSeconds(90);
    private static final long SECOND = 1_000_000;
    private static final long RESTART = 30 * SECOND;

    private final ServerSetup setup;
    private final Map<String, String> environment;
    private final int port;
    private final Path log;
    private final Thread supervisor;
    private volatile boolean over;
    private volatile Child process;
    private final List<Long> exits = new CopyOnWriteArrayList<>();

    private ServerUnderAttack(ServerSetup setup, Map<String, String> environment, Path log) throws IOException {
        this.setup = setup;
        this.environment = new HashMap<>(environment);
        this.log = log;
        try (ServerSocket free = new ServerSocket(0)) {
            this.port = free.getLocalPort();
        }
        this.environment.putAll(setup.settings());
        this.environment.put("PORT", Integer.toString(port));
        this.process = startProcess();
        this.supervisor = Thread.ofPlatform().daemon().name("supervisor").start(this::supervise);
    }

    /// @param log where its output goes
    static ServerUnderAttack start(ServerSetup setup, Map<String, String> environment, Path log) throws Exception {
        ServerUnderAttack server = new ServerUnderAttack(setup, environment, log);
        try {
            await().atMost(START).until(() -> server.output().contains("listening on port") || server.exits() > 0);
            if (server.exits() > 0) {
                throw new AssertionError("the server does not start: " + server.output());
            }
            return server;
        } catch (Throwable e) {
            server.close();
            throw e;
        }
    }

    private Child startProcess() throws IOException {
        return Child.java(log, setup.descriptors(), environment, setup.flags(), "dev.walcast.server.cli.Main", "serve");
    }

    private void supervise() {
        try {
            while (!over) {
                if (process.awaitEnd(Duration.ofSeconds(1)) && !over) {
                    exits.add(HealthyClient.nowMicros());
                    process.close();
                    process = startProcess();
                }
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    int port() {
        return port;
    }

    long pid() {
        return process.pid();
    }

    /// How often it has ended.
    int exits() {
        return exits.size();
    }

    /// Whether it ended, or was being started again, within this time.
    boolean wasAway(long fromMicros, long toMicros) {
        return exits.stream().anyMatch(exit -> exit < toMicros + SECOND && exit > fromMicros - RESTART);
    }

    String output() {
        return process.output();
    }

    /// kill -9; the supervisor starts it again.
    void kill() throws InterruptedException {
        process.kill();
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        supervisor.join();
        process.close();
    }
}
