package dev.walcast.server.attack;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.LockSupport;

/// Clients that connect during an attack. Each requests the health of the server, opens a socket, joins, receives an
/// echo, and disconnects.
final class NewClients implements AutoCloseable {
    /// More than it takes on any machine.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final Duration PACE = Duration.ofMillis(300);
    private static final String ADDRESS = "127.0.0.3";

    private final ServerUnderAttack server;
    private final Target target;
    private final Thread thread;
    private volatile boolean over;

    final Latencies taken = new Latencies();

    /// Why one was not served, by the time when it came.
    private final ConcurrentSkipListMap<Long, String> failures = new ConcurrentSkipListMap<>();

    /// When one came, and gave up.
    private final ConcurrentSkipListMap<Long, Long> late = new ConcurrentSkipListMap<>();

    NewClients(ServerUnderAttack server, Target target) {
        this.server = server;
        this.target = target;
        this.thread = Thread.ofPlatform().daemon().name("newcomers").start(this::run);
    }

    private void run() {
        while (!over) {
            long began = HealthyClient.nowMicros();
            try {
                beServed();
                taken.add(began, HealthyClient.nowMicros() - began);
            } catch (SocketTimeoutException _) {
                late.put(began, HealthyClient.nowMicros());
                taken.add(began, HealthyClient.nowMicros() - began);
            } catch (IOException e) {
                if (!over) {
                    failures.put(began, String.valueOf(e.getMessage()));
                    taken.add(began, HealthyClient.nowMicros() - began);
                }
            }
            LockSupport.parkNanos(PACE.toNanos());
        }
    }

    private void beServed() throws IOException {
        try (Wire wire = Wire.connect(ADDRESS, server.port(), PATIENCE)) {
            wire.raw("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            int status = wire.head();
            if (status != 200) {
                throw new IOException("/livez answers " + status);
            }
        }
        try (Wire wire = Wire.connect(ADDRESS, server.port(), PATIENCE).upgrade(target.path("2.0.0"))) {
            wire.text("""
                    ["1","1","realtime:new","phx_join",{"config":{"broadcast":{"self":true}}}]""");
            String reply = wire.read();
            if (!reply.contains("\"status\":\"ok\"")) {
                throw new IOException("join refused: " + reply);
            }
            wire.text("""
                    ["1","2","realtime:new","broadcast",{"type":"broadcast","event":"e","payload":{}}]""");
            String echo = wire.read();
            while (!echo.contains("\"broadcast\"")) {
                echo = wire.read();
            }
        }
    }

    /// How many that came within this time waited in vain, while there was a server.
    long late(long fromMicros, long toMicros) {
        return late.subMap(fromMicros, toMicros).entrySet().stream()
                .filter(one -> !server.wasAway(one.getKey(), one.getValue()))
                .count();
    }

    /// Why some were not served that came within this time, while there was a server.
    List<String> failures(long fromMicros, long toMicros) {
        return failures.subMap(fromMicros, toMicros).entrySet().stream()
                .filter(failure -> !server.wasAway(failure.getKey(), failure.getKey() + PATIENCE.toNanos() / 1_000))
                .map(Map.Entry::getValue)
                .toList();
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join();
    }
}
