package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.Timers;
import dev.walcast.server.protocol.CloseReason;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The open sockets: looked over once a second, and ended together when the server stops.
public final class SocketRegistry {
    private static final Logger log = LoggerFactory.getLogger(SocketRegistry.class);
    private static final Duration SWEEP_EVERY = Duration.ofSeconds(1);

    private final Set<WebSocketConnection> connections = ConcurrentHashMap.newKeySet();
    private final SocketCounters counters = new SocketCounters();
    private final Timers timers;
    private volatile boolean draining;

    public SocketRegistry(Timers timers) {
        this.timers = requireNonNull(timers, "timers is null");
        sweepLater();
    }

    private void sweepLater() {
        timers.after(SWEEP_EVERY, () -> {
            try {
                long now = System.nanoTime();
                connections.forEach(connection -> connection.sweep(now));
            } finally {
                sweepLater();
            }
        });
    }

    void add(WebSocketConnection connection) {
        counters.countOpened();
        connections.add(connection);
        if (draining) {
            connection.session().drain();
        }
    }

    void remove(WebSocketConnection connection, CloseReason reason) {
        if (connections.remove(connection)) {
            counters.countClosed(reason);
            log.debug("A socket ended: {}", reason);
        }
    }

    boolean isDraining() {
        return draining;
    }

    public SocketCounters counters() {
        return counters;
    }

    public int size() {
        return connections.size();
    }

    /// Tells every client that the server goes away, and waits until they are gone, but not longer than this.
    public void drain(Duration patience) {
        draining = true;
        List.copyOf(connections).forEach(connection -> connection.session().drain());
        long deadline = System.nanoTime() + patience.toNanos();
        try {
            while (!connections.isEmpty() && System.nanoTime() < deadline) {
                Thread.sleep(Duration.ofMillis(20));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
