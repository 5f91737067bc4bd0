package dev.walcast.server.chaos;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// A client that reconnects after every disconnect and keeps the rows of its bindings. One thread; the chaos test
/// calls the other methods.
final class ChaosClient implements AutoCloseable {
    private static final Duration COME_BACK_AFTER = Duration.ofMillis(150);
    private static final Duration SILENCE_MAX = Duration.ofSeconds(90);
    private static final Duration SHORT = Duration.ofSeconds(2);
    private static final Duration LONG = Duration.ofHours(1);

    private final int port;
    private final String user;
    private final List<ChaosBinding> bindings;
    private final Thread thread;

    final AtomicInteger connections = new AtomicInteger();
    final Map<Integer, Integer> closes = new HashMap<>();

    private volatile boolean over;
    private volatile @Nullable RawSocket socket;
    private volatile long pausedUntil = System.nanoTime();
    private volatile long throttledUntil = System.nanoTime();
    private int refs = 1;

    ChaosClient(int port, String user, List<ChaosBinding> bindings) {
        this.port = port;
        this.user = user;
        this.bindings = List.copyOf(bindings);
        this.thread = Thread.ofVirtual().name("chaos-client").start(this::run);
    }

    List<ChaosBinding> bindings() {
        return bindings;
    }

    // -- faults

    /// Without a goodbye.
    void cut() {
        RawSocket open = socket;
        if (open != null) {
            try {
                open.reset();
            } catch (IOException _) {
                // It was cut already.
            }
        }
    }

    /// It stops reading.
    void pause(Duration time) {
        pausedUntil = System.nanoTime() + time.toNanos();
    }

    /// It reads little.
    void throttle(Duration time) {
        throttledUntil = System.nanoTime() + time.toNanos();
    }

    /// It gets a new token: one that expires soon, or one that lasts.
    void newToken(boolean expires) {
        RawSocket open = socket;
        if (open != null) {
            try {
                open.send("[\"1\",\"t" + ++refs + "\",\"realtime:chaos\",\"access_token\",{\"access_token\":\""
                        + token(expires ? SHORT : LONG) + "\"}]");
            } catch (IOException _) {
                // It is cut off just now.
            }
        }
    }

    private String token(Duration validFor) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", user), validFor);
    }

    // -- the client's thread

    private void run() {
        while (!over) {
            try (RawSocket open = RawSocket.open(
                    port, "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"), Map.of())) {
                if (open.status() == 101) {
                    socket = open;
                    open.patience(SILENCE_MAX);
                    join(open);
                    connections.incrementAndGet();
                    read(open);
                }
            } catch (IOException _) {
                // Cut off.
            }
            LockSupport.parkNanos(COME_BACK_AFTER.toNanos());
        }
    }

    private void join(RawSocket open) throws IOException {
        String list = bindings.stream().map(ChaosBinding::json).collect(Collectors.joining(","));
        open.send("[\"1\",\"1\",\"realtime:chaos\",\"phx_join\",{\"config\":{\"postgres_changes\":[" + list
                + "]},\"access_token\":\"" + token(LONG) + "\"}]");
    }

    private void read(RawSocket open) throws IOException {
        Map<Integer, ChaosBinding> byId = new HashMap<>();
        while (!over) {
            RawSocket.Received received = open.receive();
            if (received instanceof RawSocket.Received.Closed closed) {
                closes.merge(closed.code(), 1, Integer::sum);
                return;
            }
            JsonNode frame = ((RawSocket.Received.Text) received).json();
            JsonNode payload = frame.get(4);
            switch (frame.get(3).asText()) {
                case "phx_reply" -> noteIds(payload.at("/response/postgres_changes"), byId);
                case "postgres_changes" ->
                    payload.get("ids")
                            .forEach(id -> requireNonNull(byId.get(id.asInt())).apply(payload.get("data")));
                case "system" -> {
                    if (!payload.get("status").asText().equals("ok")) {
                        return;
                    }
                    if (payload.has("snapshot")) {
                        JsonNode chunk = payload.get("snapshot");
                        requireNonNull(byId.get(chunk.get("id").asInt())).take(chunk);
                    } else if (told(payload, byId)) {
                        return;
                    }
                }
                case "phx_close", "phx_error" -> {
                    return;
                }
                default -> {}
            }
            takeItsTime();
        }
    }

    private void noteIds(JsonNode ids, Map<Integer, ChaosBinding> byId) {
        for (int i = 0; i < ids.size(); i++) {
            byId.put(ids.get(i).get("id").asInt(), bindings.get(i));
        }
    }

    /// @return whether it has to join again
    private boolean told(JsonNode system, Map<Integer, ChaosBinding> byId) {
        if (system.path("position").isMissingNode()) {
            return false;
        }
        boolean again = false;
        for (Map.Entry<Integer, ChaosBinding> entry : byId.entrySet()) {
            ChaosBinding binding = entry.getValue();
            Optional<JsonNode> outcome = Optional.empty();
            for (JsonNode one : system.path("resume")) {
                if (one.get("id").asInt() == entry.getKey()) {
                    outcome = Optional.of(one);
                }
            }
            // a new token sends the same message, without a result for a binding that continues
            if (outcome.isPresent() || !binding.isToBeTold()) {
                again |= binding.told(system, outcome, () -> over);
            }
        }
        return again;
    }

    private void takeItsTime() {
        if (System.nanoTime() - throttledUntil < 0) {
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
        while (!over && System.nanoTime() - pausedUntil < 0) {
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        cut();
        thread.join();
    }
}
