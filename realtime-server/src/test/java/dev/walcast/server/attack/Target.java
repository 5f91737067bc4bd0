package dev.walcast.server.attack;

import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.auth.TokenIssuer;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/// The target of an attacker, and the ways to attack it. Each continues until the attacker's process ends.
final class Target {
    static final String ADDRESS = "127.0.0.1";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration AGAIN_AFTER = Duration.ofMillis(10);

    private final int port;
    private final String secret;
    private final double share;
    private final TokenIssuer issuer;
    private final String key;
    private final LongAdder deeds = new LongAdder();
    private final AtomicLong numbers = new AtomicLong();
    private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();

    /// @param share of the usual number of connections, for attacks that need a great many
    Target(int port, String secret, double share) {
        this.share = share;
        this.port = port;
        this.secret = secret;
        this.issuer = new TokenIssuer(secret, Clock.systemUTC());
        this.key = token("anon", Map.of());
    }

    /// A great many.
    int connections(int usual) {
        return (int) (usual * share);
    }

    /// The anon key, which is public.
    String key() {
        return key;
    }

    String token(String role, Map<String, ?> claims) {
        return issuer.issue(role, claims, Duration.ofHours(1));
    }

    /// A token with these claims as they are written here.
    String signed(String claims) {
        return TestingTokens.signed("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", claims, secret);
    }

    /// Another one each time.
    long number() {
        return numbers.incrementAndGet();
    }

    Wire connect() throws IOException {
        return Wire.connect(ADDRESS, port, PATIENCE);
    }

    Wire connectNarrow() throws IOException {
        return Wire.connectNarrow(ADDRESS, port, PATIENCE);
    }

    Wire socket() throws IOException {
        return connect().upgrade(path("2.0.0"));
    }

    String path(String version) {
        return "/realtime/v1/websocket?vsn=" + version + "&apikey=" + key;
    }

    /// Something done to a connection, again and again.
    interface Step {
        void on(Wire wire) throws IOException;
    }

    interface Opening {
        Wire open() throws IOException;
    }

    interface Act {
        void run() throws IOException;
    }

    /// Keeps this many sockets busy, which read what they receive. A closed socket is replaced.
    void hammer(int sockets, Step step) {
        hammer(sockets, this::socket, step);
    }

    void hammer(int sockets, Opening opening, Step step) {
        repeat(sockets, () -> {
            try (Wire wire = opening.open()) {
                Thread.startVirtualThread(() -> readAll(wire));
                while (true) {
                    step.on(wire);
                    deeds.increment();
                }
            }
        });
    }

    /// So many connections at once that do one thing and then wait for the end; one that ends is replaced.
    void hold(int connections, Opening opening, Step step) {
        repeat(connections, () -> {
            try (Wire wire = opening.open()) {
                step.on(wire);
                deeds.increment();
                wire.drain();
            }
        });
    }

    /// So many connections at once that do one thing and then never read; each stays until the process ends.
    void forget(int connections, Opening opening, Step step) {
        repeat(connections, () -> {
            Wire wire = opening.open();
            step.on(wire);
            deeds.increment();
            LockSupport.park();
        });
    }

    void repeat(int threads, Act act) {
        for (int i = 0; i < threads; i++) {
            Thread.startVirtualThread(() -> {
                while (true) {
                    try {
                        act.run();
                    } catch (IOException e) {
                        failed(e);
                        LockSupport.parkNanos(AGAIN_AFTER.toNanos());
                    }
                }
            });
        }
    }

    void done() {
        deeds.increment();
    }

    private void readAll(Wire wire) {
        try {
            wire.drain();
        } catch (IOException e) {
            failed(e);
        }
    }

    private void failed(IOException e) {
        String text = String.valueOf(e.getMessage());
        failures.computeIfAbsent(text.substring(0, Math.min(80, text.length())), _ -> new LongAdder())
                .increment();
    }

    /// How much was done, and what prevented more.
    @Override
    public String toString() {
        return deeds.sum() + " " + failures;
    }
}
