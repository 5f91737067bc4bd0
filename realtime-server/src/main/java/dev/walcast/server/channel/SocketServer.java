package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.socket.SocketLimits;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.WebSockets;
import io.helidon.common.socket.SocketOptions;
import io.helidon.http.Status;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.function.LongSupplier;

/// The real-time sockets of one server: what the composition root adds to its web server.
///
/// To stop: [#drain], then stop the web server, then [#close].
public final class SocketServer implements AutoCloseable {
    /// With and without a gateway that strips the prefix.
    private static final Set<String> PATHS = Set.of("/realtime/v1/websocket", "/socket/websocket");

    /// Tokens travel in the query, which is also why requests are not logged.
    private static final int REQUEST_LINE_BYTES_MAX = 16 * 1024;

    private static final int HEADERS_BYTES_MAX = 16 * 1024;

    /// For requests that open no socket, and for those that wait for their refusal.
    private static final int CONNECTIONS_BESIDE_SOCKETS = 1_000;

    /// The part of the budget of memory that presences of lost clients may hold.
    private static final int LOST_PRESENCES_SHARE = 8;

    private final SocketLimits limits;
    private final WebSockets sockets;
    private final MemoryBudget memory;
    private final SocketStats stats = new SocketStats();
    private final Hub hub = new Hub();
    private final Timers timers = new Timers();
    private final ServerBudget budget;
    private final PresenceRooms presence;
    private final PrivateRights privateRights;
    private final CallerQuestions callerQuestions;
    private final Door door;
    private final Guests guests;

    private volatile boolean draining;

    public SocketServer(
            SocketLimits limits,
            PresenceLimits presenceLimits,
            TokenVerifier verifier,
            Backends backends,
            Clock clock,
            MemoryBudget memory) {
        this(limits, presenceLimits, verifier, backends, clock, memory, System::nanoTime);
    }

    /// @param nanos what the rates are measured with
    SocketServer(
            SocketLimits limits,
            PresenceLimits presenceLimits,
            TokenVerifier verifier,
            Backends backends,
            Clock clock,
            MemoryBudget memory,
            LongSupplier nanos) {
        this.limits = requireNonNull(limits, "limits is null");
        this.memory = requireNonNull(memory, "memory is null");
        this.sockets = new WebSockets(limits, stats, memory);
        this.budget = new ServerBudget(limits.clients(), nanos);
        this.presence = new PresenceRooms(
                presenceLimits, timers, memory.openForServer(memory.bytesMax() / LOST_PRESENCES_SHARE));
        TopicQuestions questions = new TopicQuestions(
                backends.permissions(), backends.history(), limits.clients().topicChecksMax());
        this.privateRights = new PrivateRights(questions, limits.clients());
        this.callerQuestions = new CallerQuestions(questions);
        Services services = new Services(
                limits,
                stats,
                verifier,
                backends.feed(),
                backends.cursors(),
                clock,
                hub,
                presence,
                timers,
                questions,
                privateRights,
                budget,
                new Envelopes(),
                backends.databaseBroadcasts(),
                () -> draining);
        this.door = new Door(services);
        this.guests = new Guests(services, door, memory);
    }

    /// Adds the sockets to a server: HTTP/1 connections of our own, and an answer for those who come without an
    /// upgrade.
    public void register(WebServerConfig.Builder server, HttpRouting.Builder routing) {
        Http1Config.Builder http = Http1Config.builder()
                .maxPrologueLength(REQUEST_LINE_BYTES_MAX)
                .maxHeadersSize(HEADERS_BYTES_MAX)
                .log(log -> log.receiveLog(false).sendLog(false));
        // with a second kind of connection Helidon would wait, for ever, for the bytes that tell which it is
        server.protocolsDiscoverServices(false);
        server.addConnectionSelector(sockets.selector(http, PATHS, door));
        server.maxTcpConnections(limits.socketsMax() + CONNECTIONS_BESIDE_SOCKETS);
        // small frames must not wait for the acknowledgement of the previous ones
        server.connectionOptions(SocketOptions.builder()
                .tcpNoDelay(true)
                .readTimeout(limits.idleTimeout().multipliedBy(2))
                .build());
        PATHS.forEach(path -> routing.any(path, SocketServer::demandUpgrade));
    }

    /// What clients make the server hold.
    public MemoryBudget memory() {
        return memory;
    }

    public SocketStats stats() {
        return stats;
    }

    /// For broadcasts that no socket sends.
    public Rooms rooms() {
        return hub;
    }

    /// For clients that come without a socket.
    public Guests guests() {
        return guests;
    }

    /// For those who ask about private topics without a socket.
    public CallerQuestions callerQuestions() {
        return callerQuestions;
    }

    /// The rights of joined private channels and streams.
    /// Starts what keeps the rights of private channels up to date.
    public void start(Supervisor supervisor) {
        privateRights.start(supervisor);
    }

    public PrivateRights privateRights() {
        return privateRights;
    }

    /// Channels joined right now.
    public int channels() {
        return hub.channels();
    }

    /// Sends everybody away and waits until they are gone, but not longer than that. Nobody gets in any more.
    public void drain(Duration atMost) throws InterruptedException {
        draining = true;
        door.sessions().forEach(Session::announceDisconnect);
        sockets.closeAll(CloseReason.DRAINING, atMost);
    }

    @Override
    public void close() {
        draining = true;
        sockets.close();
        privateRights.close();
        timers.close();
    }

    /// Sockets with a channel right now.
    public int users() {
        return budget.users();
    }

    int openRooms() {
        return hub.rooms();
    }

    int presenceRooms() {
        return presence.rooms();
    }

    int waitingTimers() {
        return timers.waiting();
    }

    private static void demandUpgrade(ServerRequest request, ServerResponse response) {
        Refusal refusal = ErrorCode.NOT_A_WEBSOCKET.refusal();
        response.status(Status.BAD_REQUEST_400).send(refusal.upgradeBody());
    }
}
