package dev.walcast.server.admin;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.front.FrontLimits;
import dev.walcast.server.front.HttpFront;
import dev.walcast.server.front.TrustedProxies;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The admin port: a listener of its own, so that it answers while clients take all places of theirs. It answers from
/// before the database can be reached.
public final class AdminServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(AdminServer.class);

    private static final int CONNECTIONS_MAX = 64;
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(75);
    private static final Duration WRITE_TIMEOUT = Duration.ofSeconds(10);

    private final AdminSettings settings;
    private final AdminSources sources;
    private final AuditLog audit;
    private final HttpFront front;

    /// @param supervisor runs its threads; may be closed only after this
    public AdminServer(AdminSettings settings, AdminSources sources, Supervisor supervisor, LongSupplier nanoTime) {
        this.settings = requireNonNull(settings, "settings is null");
        this.sources = requireNonNull(sources, "sources is null");
        this.audit = new AuditLog(nanoTime);
        this.front = new HttpFront("admin", settings.host(), settings.port(), limits(), supervisor);
    }

    private static FrontLimits limits() {
        return new FrontLimits(
                CONNECTIONS_MAX,
                CONNECTIONS_MAX,
                0,
                TrustedProxies.parse(""),
                REQUEST_TIMEOUT,
                KEEP_ALIVE,
                WRITE_TIMEOUT);
    }

    /// @throws IOException when the port cannot be bound; the message says what to do
    public void start() throws IOException {
        HttpRouting.Builder routing = HttpRouting.builder()
                .addFilter(new AdminAccess(settings, audit))
                .register(new AdminRoutes(sources, audit));
        try {
            front.serve(routing, List.of());
        } catch (IOException e) {
            throw new IOException(
                    "The admin port " + settings.port() + " on " + settings.host() + " cannot be bound ("
                            + e.getMessage() + "): choose another with ADMIN_PORT.",
                    e);
        }
        LOG.info("The admin port is {} on {}", port(), settings.host());
    }

    /// The port that it listens on.
    public int port() {
        return front.port();
    }

    @Override
    public void close() {
        front.close();
    }
}
