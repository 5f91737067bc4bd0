package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.channel.Hub;
import dev.walcast.server.channel.SessionLimits;
import dev.walcast.server.channel.SessionServices;
import dev.walcast.server.channel.Timers;
import dev.walcast.server.socket.SocketEndpoint;
import dev.walcast.server.socket.SocketLimits;
import dev.walcast.server.socket.SocketRegistry;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The composition root: one web server, one project, and what they share.
public final class RealtimeServer implements AutoCloseable {
    private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(5);

    /// An API key travels in the request line.
    private static final int REQUEST_LINE_BYTES_MAX = 32 * 1024;

    private static final int HEADERS_BYTES_MAX = 64 * 1024;

    private final ServerSettings settings;
    private final List<HttpService> services;
    private final Timers timers;
    private final Hub hub = new Hub();
    private final Project project;
    private final SocketRegistry sockets;
    private final SocketEndpoint endpoint;
    private volatile @Nullable WebServer web;

    /// @param services further HTTP services, such as the demo page
    public RealtimeServer(ServerSettings settings, Clock clock, List<? extends HttpService> services) {
        this.settings = requireNonNull(settings, "settings is null");
        this.services = List.copyOf(services);
        this.timers = new Timers(clock);
        ServerSettings.Limits limits = settings.limits();
        this.project = new Project(settings.database(), settings.restartHold(), limits.recordBytesMax());
        this.sockets = new SocketRegistry(timers);
        SessionServices shared = new SessionServices(
                hub,
                project.feed(),
                new TokenVerifier(settings.jwtSecret().reveal(), clock),
                timers,
                new SessionLimits(limits.channelsMax(), limits.payloadBytesMax(), limits.joinErrorDelay()));
        SocketLimits socketLimits = new SocketLimits(
                limits.outboxBytesMax(),
                limits.writeTimeout(),
                limits.idleTimeout(),
                limits.frameBytesMax(),
                limits.refusalDelay());
        this.endpoint = new SocketEndpoint(socketLimits, shared, sockets);
    }

    /// Returns when clients can connect and what they subscribe to is live.
    ///
    /// @throws SourceException when the database cannot be served
    /// @throws IOException     when the port cannot be had; the message says what to do
    public void start() throws SourceException, IOException {
        checkPort();
        project.start();
        HttpRouting.Builder routing = HttpRouting.builder();
        endpoint.addRoutes(routing);
        routing.register(new HealthRoutes(project::state));
        services.forEach(routing::register);
        Http1Config http = Http1Config.builder()
                .maxPrologueLength(REQUEST_LINE_BYTES_MAX)
                .maxHeadersSize(HEADERS_BYTES_MAX)
                .build();
        WebServer server = WebServer.builder()
                .host(settings.host())
                .port(settings.port())
                .shutdownHook(false)
                // Small frames must not wait for the acknowledgement of the one before.
                .connectionOptions(options -> options.tcpNoDelay(true))
                .addConnectionSelector(Http1ConnectionSelector.builder()
                        .config(http)
                        .addUpgrader(endpoint.upgrader())
                        .build())
                .routing(routing)
                .build();
        web = server;
        server.start();
    }

    /// Helidon's own message for a port in use does not name it.
    private void checkPort() throws IOException {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(settings.host(), settings.port()));
        } catch (IOException e) {
            throw new IOException("Port " + settings.port() + " on " + settings.host()
                    + " cannot be listened on (" + e.getMessage()
                    + "): is another server using it? Choose another with --port or PORT.");
        }
    }

    /// The port that it listens on.
    public int port() {
        return requireNonNull(web, "not started").port();
    }

    public SocketRegistry sockets() {
        return sockets;
    }

    public Hub hub() {
        return hub;
    }

    /// Tells clients to come back later, stops reading, and frees everything.
    @Override
    public void close() {
        sockets.drain(DRAIN_PATIENCE);
        WebServer server = web;
        if (server != null) {
            server.stop();
        }
        project.close();
        timers.close();
    }
}
