package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The sockets of one server.
public final class WebSockets implements AutoCloseable {
    private final SocketLimits limits;
    private final SocketStats stats;
    private final MemoryBudget memory;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final WriterThreads writers = new WriterThreads();
    private final Watch watch;

    /// The reason when all sockets are being closed; a socket that opens later is closed with it as well.
    private volatile @Nullable CloseReason closing;

    public WebSockets(SocketLimits limits, SocketStats stats, MemoryBudget memory) {
        this.limits = requireNonNull(limits, "limits is null");
        this.stats = requireNonNull(stats, "stats is null");
        this.memory = requireNonNull(memory, "memory is null");
        this.watch = new Watch("socket-watch", limits, () -> List.of(connections, List.of(writers)));
    }

    /// Starts the watch.
    public void start(Supervisor supervisor) {
        watch.start(supervisor);
    }

    /// Creates the upgrader that turns requests into sockets.
    ///
    /// @param paths the paths at which sockets are opened; upgrades at other paths are left alone
    public Http1Upgrader upgrader(Set<String> paths, SocketAdmission admission) {
        return new SocketUpgrader(this, paths, admission);
    }

    /// Sends all clients a goodbye and waits for their sockets to close. Cuts those that are still open after that
    /// time.
    public void closeAll(CloseReason reason, Duration atMost) throws InterruptedException {
        closing = reason;
        connections.forEach(connection -> connection.close(reason));
        long deadlineNanos = System.nanoTime() + atMost.toNanos();
        synchronized (connections) {
            long leftNanos = deadlineNanos - System.nanoTime();
            while (!connections.isEmpty() && leftNanos > 0) {
                connections.wait(leftNanos / 1_000_000 + 1);
                leftNanos = deadlineNanos - System.nanoTime();
            }
        }
        connections.forEach(Connection::cut);
    }

    /// Stops the watch. Call it after the last socket has ended.
    @Override
    public void close() {
        connections.forEach(Connection::cut);
        watch.close();
    }

    SocketLimits limits() {
        return limits;
    }

    SocketStats stats() {
        return stats;
    }

    MemoryBudget memory() {
        return memory;
    }

    WriterThreads writers() {
        return writers;
    }

    void opened(Connection connection) {
        connections.add(connection);
        CloseReason reason = closing;
        if (reason != null) {
            connection.close(reason);
        }
    }

    void closed(Connection connection) {
        connections.remove(connection);
        synchronized (connections) {
            connections.notifyAll();
        }
    }
}
