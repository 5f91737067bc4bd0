package dev.walcast.server.admin;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.health.Health;
import dev.walcast.server.metrics.ServerMetrics;
import dev.walcast.server.session.SocketServer;
import java.util.function.Supplier;

/// What the admin port reports and commands.
///
/// @param status read for each request
public record AdminSources(
        ServerMetrics metrics,
        Health health,
        Supervisor supervisor,
        Supplier<StatusReport> status,
        SocketServer sockets,
        String version) {
    public AdminSources {
        requireNonNull(metrics, "metrics is null");
        requireNonNull(health, "health is null");
        requireNonNull(supervisor, "supervisor is null");
        requireNonNull(status, "status is null");
        requireNonNull(sockets, "sockets is null");
        requireNonNull(version, "version is null");
    }
}
