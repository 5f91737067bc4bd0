package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.server.admin.AdminServer;
import dev.walcast.server.admin.AdminSettings;
import dev.walcast.server.admin.AdminSources;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.front.FrontLimits;
import dev.walcast.server.front.HttpFront;
import dev.walcast.server.health.Health;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.health.HeapWatch;
import dev.walcast.server.health.ThreadWatch;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.metrics.ServerMetrics;
import dev.walcast.server.metrics.SocketMetrics;
import dev.walcast.server.metrics.TaskMetrics;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.rest.RestLimits;
import dev.walcast.server.rest.RestRoutes;
import dev.walcast.server.session.Backends;
import dev.walcast.server.session.SocketServer;
import dev.walcast.server.sse.EventStreams;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A running server: one web server, one project, and what they share. The composition root.
public final class RealtimeServer implements AutoCloseable {
    private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(5);

    private final ServerSettings settings;
    private final List<HttpService> services;
    /// The monotonic clock of the whole server, in nanoseconds.
    private final LongSupplier nanoTime = System::nanoTime;

    private final Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, nanoTime, RealtimeServer::end);
    private final Project project;
    private final TokenVerifier tokens;
    private final MemoryBudget memory;
    private final SocketServer sockets;
    private final RestRoutes rest;
    private final EventStreams streams;
    private final Health health;
    private final HttpFront front;
    private final @Nullable AdminServer admin;

    /// @param services additional HTTP services, such as the demo page
    public RealtimeServer(ServerSettings settings, Clock clock, List<? extends HttpService> services) {
        this.settings = requireNonNull(settings, "settings is null");
        this.services = List.copyOf(services);
        this.project = new Project(settings, this::broadcast, this::recheckPrivate, supervisor, clock, nanoTime);
        this.tokens = new TokenVerifier(settings.tokens(), clock);
        Backends backends = new Backends(
                project.feed(),
                project.cursors(),
                project.permissions(),
                project.messages().history(),
                project::broadcastsFromDatabase);
        this.memory = settings.memory().budget(nanoTime);
        this.sockets =
                new SocketServer(settings.limits(), settings.presence(), tokens, backends, clock, memory, nanoTime);
        this.rest = new RestRoutes(
                RestLimits.of(settings.limits().payloadBytesMax(), settings.restMessagesPerSecond()),
                tokens,
                sockets.rooms(),
                sockets.callerQuestions(),
                memory);
        this.streams = new EventStreams(settings.limits(), sockets.guests(), project.feed());
        this.front = new HttpFront(
                settings.host(), settings.port(), FrontLimits.of(settings.limits(), settings.addresses()), supervisor);
        this.health = new Health(List.of(this::supervised, project, sockets.privateRights()));
        this.admin = settings.admin() == null ? null : admin(settings.admin());
    }

    private AdminServer admin(AdminSettings adminSettings) {
        ServerMetrics metrics = new ServerMetrics(Stream.concat(
                        Stream.of(
                                new SocketMetrics(sockets, tokens), new TaskMetrics(supervisor, health, Version.TEXT)),
                        project.metrics().stream())
                .toList());
        AdminSources sources =
                new AdminSources(metrics, health, supervisor, project::statusReport, sockets, Version.TEXT);
        return new AdminServer(adminSettings, sources, supervisor, nanoTime);
    }

    private static void end(int code) {
        FatalErrors.halt(code, "An essential thread cannot run and the process ends", null);
    }

    private Stream<HealthReason> supervised() {
        if (!supervisor.checkAlive()) {
            return Stream.of(HealthReason.ESSENTIAL_THREAD_DEAD);
        }
        return supervisor.checkHealthy() ? Stream.empty() : Stream.of(HealthReason.SUPERVISOR_RESTARTING);
    }

    private void broadcast(Broadcast broadcast, boolean isPrivate) {
        sockets.rooms().broadcast(broadcast, isPrivate);
    }

    private void recheckPrivate() {
        sockets.privateRights().recheckSoon();
    }

    /// Starts the server. Returns when clients can connect and their subscriptions become live.
    ///
    /// @throws SourceException when the database cannot be served
    /// @throws IOException     when the port cannot be bound; the message says what to do
    public void start() throws SourceException, IOException {
        checkPort();
        HeapWatch.start(supervisor, nanoTime);
        ThreadWatch.start(supervisor);
        if (admin != null) {
            admin.start();
        }
        HealthRoutes healthRoutes = new HealthRoutes(supervisor::checkAlive, health, project::lag);
        project.start(() -> answerHealthOnly(healthRoutes));
        tokens.start(supervisor);
        sockets.start(supervisor);
        streams.start(supervisor);
        HttpRouting.Builder routing = HttpRouting.builder();
        sockets.register(routing);
        routing.register(healthRoutes, rest, streams);
        services.forEach(routing::register);
        front.serve(routing, sockets.upgraders());
    }

    /// Answers only the health routes until the database is available.
    private void answerHealthOnly(HealthRoutes routes) {
        try {
            front.serve(HttpRouting.builder().register(routes), List.of());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Reports a port in use before anything else is started.
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

    /// The port that the server listens on.
    public int port() {
        return front.port();
    }

    /// The memory that clients make the server hold.
    /// The admin port; empty when there is none.
    public OptionalInt adminPort() {
        return admin == null ? OptionalInt.empty() : OptionalInt.of(admin.port());
    }

    public MemoryBudget memory() {
        return memory;
    }

    public SocketServer sockets() {
        return sockets;
    }

    public EventStreams streams() {
        return streams;
    }

    Project project() {
        return project;
    }

    /// Asks clients to reconnect later, stops reading, and frees everything.
    @Override
    public void close() {
        project.prepareToClose();
        try {
            streams.endAll();
            sockets.drain(DRAIN_PATIENCE);
            streams.awaitGone(DRAIN_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        front.close();
        if (admin != null) {
            admin.close();
        }
        supervisor.close();
        rest.close();
        streams.close();
        sockets.close();
        tokens.close();
        project.close();
    }
}
