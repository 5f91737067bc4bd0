package dev.walcast.server.attack;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A well-behaved client. It listens to its rows, sends itself broadcasts, sends heartbeats, and after a disconnect
/// reconnects with the last position that it has.
final class HealthyClient implements AutoCloseable {
    static final String USER = "11111111-1111-4111-8111-111111111111";

    private static final String ADDRESS = "127.0.0.2";
    private static final String TOPIC = "realtime:healthy";
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration COME_BACK_AFTER = Duration.ofMillis(100);
    private static final Duration ECHO_AFTER = Duration.ofMillis(25);
    private static final Duration HEARTBEAT_AFTER = Duration.ofSeconds(15);
    private static final Duration SILENCE_MAX = Duration.ofSeconds(90);

    private final int port;
    private final String token;
    private final Thread reader;
    private final Thread speaker;

    final Latencies rows = new Latencies();
    final Latencies echoes = new Latencies();
    final Set<Long> received = ConcurrentHashMap.newKeySet();

    /// Events that must never happen.
    final ConcurrentLinkedQueue<String> violations = new ConcurrentLinkedQueue<>();

    /// Why it was cut off, each time.
    final ConcurrentLinkedQueue<String> cuts = new ConcurrentLinkedQueue<>();

    private volatile boolean over;
    private volatile @Nullable Wire wire;
    private volatile boolean live;
    private volatile boolean echoed;
    private volatile @Nullable String position;

    HealthyClient(int port, Target target) {
        this.port = port;
        this.token = target.token("authenticated", Map.of("sub", USER));
        this.reader = Thread.ofPlatform().daemon().name("healthy-reader").start(this::run);
        this.speaker = Thread.ofPlatform().daemon().name("healthy-speaker").start(this::speak);
    }

    boolean isLive() {
        return live;
    }

    static long nowMicros() {
        Instant now = Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
    }

    private void run() {
        while (!over) {
            try (Wire open = Wire.connect(ADDRESS, port, SILENCE_MAX)
                    .upgrade("/realtime/v1/websocket?vsn=2.0.0&apikey=" + token)) {
                wire = open;
                open.text(join());
                while (!over) {
                    take(JSON.readTree(open.read()));
                }
            } catch (IOException e) {
                if (live && !over) {
                    cuts.add(String.valueOf(e.getMessage()));
                }
            } catch (RuntimeException e) {
                violations.add("not understood: " + e);
            }
            live = false;
            LockSupport.parkNanos(COME_BACK_AFTER.toNanos());
        }
    }

    private String join() {
        String resume = position == null ? "" : ",\"resume\":\"" + position + "\"";
        return "[\"1\",\"1\",\"" + TOPIC + "\",\"phx_join\",{\"config\":{\"broadcast\":{\"self\":true},"
                + "\"postgres_changes\":[{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rows\"" + resume
                + "}]}}]";
    }

    private void take(JsonNode frame) throws IOException {
        JsonNode payload = frame.get(4);
        switch (frame.get(3).asText()) {
            case "postgres_changes" -> takeRow(payload.get("data"));
            case "broadcast" -> takeEcho(payload.at("/payload/at").asLong());
            case "system" -> takeNews(payload);
            case "phx_reply" -> {
                if (!payload.path("status").asText().equals("ok")) {
                    throw new IOException("refused: " + payload);
                }
            }
            case "phx_error", "phx_close" -> throw new IOException("channel ended: " + frame);
            default -> {}
        }
    }

    private void takeRow(JsonNode data) {
        JsonNode record = data.get("record");
        long n = record.get("n").asLong();
        if (!received.add(n)) {
            violations.add("row " + n + " came twice");
        }
        if (!record.get("owner").asText().equals(USER)) {
            violations.add("row " + n + " of another came");
        }
        long at = record.get("at_micros").asLong();
        rows.add(at, nowMicros() - at);
        position = data.get("position").asText();
    }

    private void takeEcho(long at) {
        echoes.add(at, nowMicros() - at);
        echoed = true;
        LockSupport.unpark(speaker);
    }

    private void takeNews(JsonNode payload) throws IOException {
        if (!payload.path("status").asText().equals("ok")) {
            throw new IOException("told: " + payload);
        }
        for (JsonNode outcome : payload.path("resume")) {
            if (!outcome.path("status").asText().equals("resumed")) {
                violations.add("not resumed: " + outcome);
            }
        }
        if (payload.has("position")) {
            if (position == null) {
                position = payload.get("position").asText();
            }
            live = true;
        }
    }

    /// Requests the next echo when the last one has arrived or was lost with its connection.
    private void speak() {
        long heartbeat = System.nanoTime();
        while (!over) {
            LockSupport.parkNanos(ECHO_AFTER.toNanos());
            Wire open = wire;
            if (!live || open == null) {
                continue;
            }
            try {
                if (System.nanoTime() - heartbeat > HEARTBEAT_AFTER.toNanos()) {
                    open.text("[null,\"h\",\"phoenix\",\"heartbeat\",{}]");
                    heartbeat = System.nanoTime();
                }
                echoed = false;
                long at = nowMicros();
                open.text("[\"1\",\"2\",\"" + TOPIC
                        + "\",\"broadcast\",{\"type\":\"broadcast\",\"event\":\"echo\",\"payload\":{\"at\":" + at
                        + "}}]");
                while (!echoed && live && open.equals(wire) && !over) {
                    LockSupport.parkNanos(ECHO_AFTER.toNanos());
                }
                if (!echoed && !over) {
                    echoes.add(at, nowMicros() - at);
                }
            } catch (IOException _) {
                LockSupport.parkNanos(COME_BACK_AFTER.toNanos());
            }
        }
    }

    @Override
    public void close() throws Exception {
        over = true;
        Wire open = wire;
        if (open != null) {
            open.close();
        }
        reader.join();
        speaker.join();
    }
}
