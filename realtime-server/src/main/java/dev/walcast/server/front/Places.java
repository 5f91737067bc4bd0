package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

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

/// Who is connected, and who may come in.
///
/// A connection that waits for its client can always be given up for another: the eldest of the address that has most
/// of them goes first. A connection without a place is still asked what it wants: health probes are answered, anything
/// else is refused with the reason.
final class Places {
    private static final Logger LOG = LoggerFactory.getLogger(Places.class);

    /// Beyond all bounds, so that probes get an answer and others a reason.
    static final int RESERVE = 64;

    /// So many are closed at a time, for finding them takes a look at all.
    private static final int CLOSED_AT_ONCE = 32;

    /// A client that has just connected gets this long to be heard, unless there is no place at all.
    private static final long HEARD_NANOS = TimeUnit.SECONDS.toNanos(1);

    /// A look that found none to close is not repeated before: under a flood, looking would cost more than it frees.
    private static final long LOOK_AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private static final Set<String> ALWAYS_ANSWERED = Set.of("/livez", "/readyz", "/healthcheck");

    private final FrontLimits limits;
    private final Map<ClientConnection, Place> places = new ConcurrentHashMap<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Look forHeard = new Look(HEARD_NANOS);
    private final Look forAny = new Look(0);
    private final AtomicBoolean warned = new AtomicBoolean();

    /// Guarded by this.
    private final Map<ClientAddress, Share> shares = new HashMap<>();

    Places(FrontLimits limits) {
        this.limits = requireNonNull(limits, "limits is null");
    }

    /// A reason to look for connections to close. Each remembers for itself when it found none.
    ///
    /// @param leastNanos only those that wait at least this long
    private record Look(long leastNanos, AtomicLong foundNoneNanos) {
        Look(long leastNanos) {
            this(leastNanos, new AtomicLong(System.nanoTime() - LOOK_AGAIN_NANOS));
        }

        boolean isTooSoon(long now) {
            return now - foundNoneNanos.get() < LOOK_AGAIN_NANOS;
        }
    }

    /// What an address with connections has.
    private static final class Share {
        private final Look look = new Look(0);

        /// How many connections it has open. Guarded by the places.
        private int open;
    }

    /// What a connection has. Guarded by the places.
    private static final class Place {
        /// Why it has none.
        private final @Nullable ErrorCode without;

        /// Which address it is counted for.
        private @Nullable ClientAddress address;

        /// Whether its connection has ended, so that nothing is counted for it any more.
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

    /// A connection begins or ceases to wait for its client.
    void waiting(boolean begins) {
        waiting.addAndGet(begins ? 1 : -1);
    }

    /// Takes a new connection in.
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

    /// A connection sends a request.
    ///
    /// @param client who sends it
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

    /// A connection waits for its next request. That of a proxy may be another client's.
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

    /// Counts a place for an address, in place of the one that it counted for.
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
                    "{} has as many connections as one address may have (MAX_CONNECTIONS_PER_ADDRESS={}); if it is a"
                            + " proxy, name it in TRUSTED_PROXIES. This is logged once.",
                    client.getHostAddress(),
                    limits.perAddressMax());
        }
        return ErrorCode.ADDRESS_CONNECTIONS_TOO_MANY;
    }

    /// Nothing when the address has no connection any more.
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

    /// Frees its place; harmless when it has none any more.
    synchronized void leave(ClientConnection connection) {
        Place place = places.remove(connection);
        if (place != null) {
            place.left = true;
            release(place);
        }
    }

    /// Closes some of those that wait.
    ///
    /// @return whether there were any
    boolean makeRoom() {
        return closeWaiting(forAny, _ -> true);
    }

    /// Closes the eldest of those that wait, of the address that has most of them.
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

    /// A connection, and since when it waits, which may change meanwhile.
    private record Waiting(ClientConnection connection, long sinceNanos) {
        boolean isFor(long now, long leastNanos) {
            return sinceNanos != Long.MAX_VALUE && now - sinceNanos >= leastNanos;
        }
    }
}
