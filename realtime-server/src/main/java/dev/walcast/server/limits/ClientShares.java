package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts what each client uses of the bounds that all clients share. No client may use more than its share,
/// `CLIENT_SHARE`, so that one client never locks out the others. Safe for any thread.
public final class ClientShares {
    private static final Logger LOG = LoggerFactory.getLogger(ClientShares.class);

    /// How many shares are remembered after their last use, so that a client does not get a new one by reconnecting.
    private static final int UNUSED_MAX = 10_000;

    /// A share without bounds of its own: the server's bounds suffice.
    private static final int ALL = 100;

    private final ClientLimits limits;
    private final LongSupplier nanos;
    private final AtomicBoolean warned = new AtomicBoolean();

    // guarded by itself; ordered by least recent use
    private final LinkedHashMap<ClientKey, Share> shares = new LinkedHashMap<>(16, 0.75f, true);

    ClientShares(ClientLimits limits, LongSupplier nanos) {
        this.limits = requireNonNull(limits, "limits is null");
        this.nanos = requireNonNull(nanos, "nanos is null");
    }

    /// Returns the client's share, the same one until it is closed. Close it once.
    public Share hold(ClientKey key) {
        synchronized (shares) {
            Share share = shares.computeIfAbsent(key, _ -> new Share());
            share.holders++;
            return share;
        }
    }

    /// Refuses a client that has as many users as its share allows.
    Optional<Refusal> full(ClientKey key) {
        Share share;
        synchronized (shares) {
            share = shares.get(key);
        }
        return share == null || share.mayHaveMore() ? Optional.empty() : Optional.of(share.usersTooMany());
    }

    /// How many questions about private topics one client may ask at once.
    public int topicChecksMax() {
        return limits.topicChecksOfClientMax();
    }

    /// How many clients are remembered.
    public int size() {
        synchronized (shares) {
            return shares.size();
        }
    }

    private void release(Share share) {
        synchronized (shares) {
            share.holders--;
            Iterator<Map.Entry<ClientKey, Share>> oldest = shares.entrySet().iterator();
            int held = 0;
            while (shares.size() - held > UNUSED_MAX && oldest.hasNext()) {
                if (oldest.next().getValue().holders == 0) {
                    oldest.remove();
                } else {
                    held++;
                }
            }
        }
    }

    /// One client's share.
    public final class Share implements AutoCloseable {
        private final RateLimiter joins = new RateLimiter(limits.joinsOfClient(), nanos);
        private final Semaphore topicChecks = new Semaphore(limits.topicChecksOfClientMax(), true);
        private final AtomicInteger users = new AtomicInteger();

        // guarded by the map
        private int holders;

        /// Counts a join. Empty when it is allowed.
        Optional<Refusal> join() {
            return limits.clientShare() == ALL || joins.tryTake()
                    ? Optional.empty()
                    : Optional.of(joins.refusal(ErrorCode.JOINS_OF_CLIENT_TOO_MANY));
        }

        /// Counts a socket with a channel. Empty when it is allowed.
        Optional<Refusal> addUser() {
            int max = limits.clientShare() == ALL ? Integer.MAX_VALUE : limits.usersOfClientMax();
            int before = users.getAndUpdate(count -> Math.min(count + 1, max));
            return before < max ? Optional.empty() : Optional.of(usersTooMany());
        }

        private boolean mayHaveMore() {
            return limits.clientShare() == ALL || users.get() < limits.usersOfClientMax();
        }

        void removeUser() {
            users.decrementAndGet();
        }

        /// Bounds the questions about private topics that it asks at once.
        public Semaphore topicChecks() {
            return topicChecks;
        }

        private Refusal usersTooMany() {
            if (warned.compareAndSet(false, true)) {
                LOG.warn(
                        "One user or address has {} users, the maximum of CLIENT_SHARE. If its clients connect through a"
                                + " proxy, add that proxy to TRUSTED_PROXIES. Logged once.",
                        limits.usersOfClientMax());
            }
            return ErrorCode.USERS_OF_CLIENT_TOO_MANY.refusal().over(limits.usersOfClientMax(), users.get());
        }

        @Override
        public void close() {
            release(this);
        }
    }
}
