package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.access.PrivateRights;
import dev.walcast.server.access.TopicQuestions;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.channel.Services;
import dev.walcast.server.feed.Envelopes;
import dev.walcast.server.limits.ServerBudget;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.presence.TopicPresences;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.WebSockets;
import dev.walcast.server.tasks.Timers;
import dev.walcast.server.topic.Hub;
import dev.walcast.server.topic.Rooms;
import io.helidon.http.Status;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// The real-time sockets of one server: what the composition root adds to its web server.
///
/// To stop: [#drain], then stop the web server, then [#close].
public final class SocketServer implements AutoCloseable {
    /// With and without a gateway that strips the prefix.
    private static final Set<String> PATHS = Set.of("/realtime/v1/websocket", "/socket/websocket");

    /// The part of the budget of memory that presences of lost clients may hold.
    private static final int LOST_PRESENCES_SHARE = 8;

    private final WebSockets sockets;
    private final MemoryBudget memory;
    private final SocketStats stats;
    private final Hub hub = new Hub();
    private final Timers timers = new Timers();
    private final ServerBudget budget;
    private final TopicPresences presence;
    private final PrivateRights privateRights;
    private final CallerQuestions callerQuestions;
    private final Door door;
    private final Guests guests;

    private volatile boolean draining;

    /// @param nanoTime a monotonic clock, in nanoseconds
    public SocketServer(
            SocketLimits limits,
            PresenceLimits presenceLimits,
            TokenVerifier verifier,
            Backends backends,
            Clock clock,
            MemoryBudget memory,
            LongSupplier nanoTime) {
        this(limits, presenceLimits, verifier, backends, clock, memory, nanoTime, nanoTime);
    }

    /// @param nanoTime a monotonic clock, in nanoseconds
    /// @param nanos    what the rates are measured with
    public SocketServer(
            SocketLimits limits,
            PresenceLimits presenceLimits,
            TokenVerifier verifier,
            Backends backends,
            Clock clock,
            MemoryBudget memory,
            LongSupplier nanoTime,
            LongSupplier nanos) {
        requireNonNull(limits, "limits is null");
        this.memory = requireNonNull(memory, "memory is null");
        this.stats = new SocketStats(clock);
        this.sockets = new WebSockets(limits, stats, memory);
        this.budget = new ServerBudget(limits.clients(), nanos);
        this.presence = new TopicPresences(
                presenceLimits, timers, memory.openForServer(memory.bytesMax() / LOST_PRESENCES_SHARE));
        TopicQuestions questions = new TopicQuestions(
                backends.permissions(), backends.history(), limits.clients().topicChecksMax(), nanoTime);
        this.privateRights = new PrivateRights(questions, limits.clients(), nanoTime);
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

    /// Adds an answer for clients that come without an upgrade.
    public void register(HttpRouting.Builder routing) {
        PATHS.forEach(path -> routing.any(path, SocketServer::demandUpgrade));
    }

    /// What turns requests into sockets.
    public List<Http1Upgrader> upgraders() {
        return List.of(sockets.upgrader(PATHS, door));
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

    /// Starts what keeps the time of sockets, and the rights of private channels up to date.
    public void start(Supervisor supervisor) {
        sockets.start(supervisor);
        privateRights.start(supervisor);
    }

    /// The open sockets, in no order. Each is read at a slightly different moment.
    public List<SocketView> open() {
        return door.sessions().stream().map(Session::view).toList();
    }

    /// Ends sockets after what is queued for them is written. Their clients may come back.
    ///
    /// @return how many
    public int disconnect(Predicate<SocketView> which) {
        List<Session> ending = door.sessions().stream()
                .filter(session -> which.test(session.view()))
                .toList();
        ending.forEach(Session::disconnect);
        return ending.size();
    }

    /// The rights of joined private channels and streams.
    public PrivateRights privateRights() {
        return privateRights;
    }

    /// Channels joined right now.
    public int channels() {
        return hub.channels();
    }

    /// Ends all sockets and waits until they are gone, at most that long. New ones are refused from here on.
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

    /// Users and addresses that are remembered.
    int shares() {
        return budget.shares().size();
    }

    /// Sockets with a channel right now.
    public int users() {
        return budget.users();
    }

    /// How many topics have a receiver.
    public int openRooms() {
        return hub.rooms();
    }

    /// How many topics have presence.
    public int presenceRooms() {
        return presence.topics();
    }

    /// How many tasks wait for their time.
    public int waitingTimers() {
        return timers.waiting();
    }

    private static void demandUpgrade(ServerRequest request, ServerResponse response) {
        Refusal refusal = ErrorCode.NOT_A_WEBSOCKET.refusal();
        response.status(Status.BAD_REQUEST_400).send(refusal.upgradeBody());
    }
}
