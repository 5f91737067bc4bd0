package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.http.RefusedRequestException;
import dev.walcast.server.http.RequestHead;
import dev.walcast.server.limits.ClientAddress;
import dev.walcast.server.protocol.ErrorCode;
import java.net.InetAddress;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts the open connections and decides which may be opened.
///
/// A connection that waits for its client can always be closed for another one: the oldest of the address that has
/// most waiting connections goes first. A connection beyond the limits may still send a request: health probes are
/// answered, other requests are refused with the reason.
final class ConnectionPlaces {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionPlaces.class);

    /// Extra places, so that probes get an answer and other clients a reason.
    static final int RESERVE = 64;

    /// How many are closed at a time, because finding them means looking at all.
    private static final int CLOSED_AT_ONCE = 32;

    /// A new connection keeps its place for this long, unless no place at all is left.
    private static final long HEARD_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// The pause after a search that found none to close: under a flood, searching would cost more than it frees.
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Set<String> ALWAYS_ANSWERED = Set.of("/livez", "/readyz", "/healthcheck");

    private final FrontLimits limits;
    private final Map<ClientConnection, Place> places = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Look forHeard = new Look(HEARD_NANOS);
    private final Look forAny = new Look(0);
    private final AtomicBoolean warned = new AtomicBoolean();

    @GuardedBy("this")
    private final Map<ClientAddress, Share> shares = new HashMap<>();

    ConnectionPlaces(FrontLimits limits) {
        this.limits = requireNonNull(limits, "limits is null");
    }

    /// A search for connections to close. Each remembers by itself when it found none.
    ///
    /// @param leastNanos how long a connection must have waited at least
    private record Look(long leastNanos, AtomicLong foundNoneNanos) {
        Look(long leastNanos) {
            this(leastNanos, new AtomicLong(System.nanoTime() - LOOK_AGAIN_NANOS));
        }

        boolean isTooSoon(long now) {
            return now - foundNoneNanos.get() < LOOK_AGAIN_NANOS;
        }
    }

    /// The connections of one address.
    private static final class Share {
        private final Look look = new Look(0);

        /// How many connections the address has open. Guarded by the places.
        private int open;
    }

    /// The place of one connection. Guarded by the places.
    private static final class Place {
        /// Why the connection has no place; null when it has one.
        private final @Nullable ErrorCode without;

        /// The address that it is counted for.
        private @Nullable ClientAddress address;

        /// Whether the connection has ended, so that it is not counted any more.
        private boolean left;

        private Place(@Nullable ErrorCode without) {
            this.without = without;
        }
    }

    Set<ClientConnection> open() {
        return places.keySet();
    }

    int waiting() {
        return waiting.get();
    }

    /// Called when a connection begins or ceases to wait for its client.
    void waiting(boolean begins) {
        waiting.addAndGet(begins ? 1 : -1);
    }

    /// Admits a new connection.
    ///
    /// @return false when there is no room even for a refusal
    boolean enter(ClientConnection connection) {
        if (waiting.get() >= limits.waitingMax()) {
            closeWaiting(forHeard, _ -> true);
        }
        ErrorCode without = null;
        if (places.size() >= limits.connectionsMax() && !makeRoom()) {
            without = ErrorCode.CONNECTIONS_TOO_MANY;
        }
        if (places.size() >= limits.connectionsMax() + RESERVE) {
            return false;
        }
        Place place = new Place(without);
        places.put(connection, place);
        if (!limits.proxies().contains(connection.peer())) {
            ErrorCode refused = count(place, connection.peer());
            if (refused != null && without == null) {
                places.put(connection, new Place(refused));
            }
        }
        return true;
    }

    /// Called when a connection sends a request.
    ///
    /// @param client the address of the client that sends it
    void request(ClientConnection connection, RequestHead head, InetAddress client) throws RefusedRequestException {
        Place place = places.get(connection);
        if (place == null || ALWAYS_ANSWERED.contains(head.path())) {
            return;
        }
        if (place.without != null) {
            throw new RefusedRequestException(place.without.refusal());
        }
        ErrorCode refused = count(place, client);
        if (refused != null) {
            throw new RefusedRequestException(refused.refusal());
        }
    }

    /// Called when a connection waits for its next request, which may come from another client when the peer is a
    /// proxy.
    void idle(ClientConnection connection) {
        Place place = places.get(connection);
        if (place != null && limits.proxies().contains(connection.peer())) {
            release(place);
        }
    }

    private synchronized ClientAddress addressOf(ClientConnection connection) {
        Place place = places.get(connection);
        ClientAddress counted = place == null ? null : place.address;
        return counted == null ? ClientAddress.of(connection.peer()) : counted;
    }

    /// Counts the place for an address instead of the one that it was counted for.
    private @Nullable ErrorCode count(Place place, InetAddress client) {
        ClientAddress address = ClientAddress.of(client);
        if (takePlace(place, address)) {
            return null;
        }
        lookFor(address)
                .ifPresent(look -> closeWaiting(look, other -> addressOf(other).equals(address)));
        if (takePlace(place, address)) {
            return null;
        }
        if (warned.compareAndSet(false, true)) {
            LOG.warn(
                    "{} has reached the limit of connections of one address (MAX_CONNECTIONS_PER_ADDRESS={}). If it is a"
                            + " proxy, add it to TRUSTED_PROXIES. Logged once.",
                    client.getHostAddress(),
                    limits.perAddressMax());
        }
        return ErrorCode.ADDRESS_CONNECTIONS_TOO_MANY;
    }

    /// Empty when the address has no connection any more.
    private synchronized Optional<Look> lookFor(ClientAddress address) {
        return Optional.ofNullable(shares.get(address)).map(share -> share.look);
    }

    private synchronized boolean takePlace(Place place, ClientAddress address) {
        if (place.left || address.equals(place.address)) {
            return true;
        }
        Share share = shares.get(address);
        if (share != null && limits.perAddressMax() > 0 && share.open >= limits.perAddressMax()) {
            return false;
        }
        release(place);
        place.address = address;
        shares.computeIfAbsent(address, _ -> new Share()).open++;
        return true;
    }

    private synchronized void release(Place place) {
        ClientAddress address = place.address;
        if (address != null) {
            place.address = null;
            shares.computeIfPresent(address, (_, share) -> --share.open > 0 ? share : null);
        }
    }

    /// Frees the connection's place. Does nothing when it has none.
    synchronized void leave(ClientConnection connection) {
        Place place = places.remove(connection);
        if (place != null) {
            place.left = true;
            release(place);
        }
    }

    /// Closes some of the waiting connections.
    ///
    /// @return whether there were any
    boolean makeRoom() {
        return closeWaiting(forAny, _ -> true);
    }

    /// Closes the oldest waiting connections of the address that has most of them.
    ///
    /// @return whether there was one
    private boolean closeWaiting(Look look, Predicate<ClientConnection> which) {
        long now = System.nanoTime();
        if (look.isTooSoon(now)) {
            return false;
        }
        Map<ClientAddress, List<Waiting>> byAddress = places.keySet().stream()
                .map(connection -> new Waiting(connection, connection.waitingSinceNanos()))
                .filter(waiting -> waiting.isFor(now, look.leastNanos))
                .filter(waiting -> which.test(waiting.connection))
                .collect(Collectors.groupingBy(waiting -> addressOf(waiting.connection)));
        Optional<List<Waiting>> most = byAddress.values().stream().max(Comparator.comparingInt(List::size));
        if (most.isEmpty()) {
            look.foundNoneNanos.set(now);
            return false;
        }
        most.get().stream()
                .sorted(Comparator.comparingLong(waiting -> waiting.sinceNanos - now))
                .limit(Math.min(CLOSED_AT_ONCE, (most.get().size() + 1) / 2))
                .forEach(waiting -> waiting.connection.cut());
        return true;
    }

    /// A connection, and the time since which it waits, which may change meanwhile.
    private record Waiting(ClientConnection connection, long sinceNanos) {
        boolean isFor(long now, long leastNanos) {
            return sinceNanos != Long.MAX_VALUE && now - sinceNanos >= leastNanos;
        }
    }
}
