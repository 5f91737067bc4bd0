package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/// The limits that all clients of a server share. Safe for any thread.
public final class ServerBudget {
    private final ClientLimits limits;
    private final LongSupplier nanos;
    private final RateLimiter joins;
    private final ClientShares shares;
    private final AtomicInteger users = new AtomicInteger();
    private final AtomicInteger streamClients = new AtomicInteger();

    public ServerBudget(ClientLimits limits, LongSupplier nanos) {
        this.limits = requireNonNull(limits, "limits is null");
        this.nanos = requireNonNull(nanos, "nanos is null");
        this.joins = new RateLimiter(limits.joins(), nanos);
        this.shares = new ClientShares(limits, nanos);
    }

    ClientLimits limits() {
        return limits;
    }

    LongSupplier nanos() {
        return nanos;
    }

    /// The clients' shares.
    public ClientShares shares() {
        return shares;
    }

    /// Refuses another socket of this client, or returns empty.
    public Optional<Refusal> refuseUpgrade(ClientKey client) {
        return refuseUpgrade().or(() -> shares.full(client));
    }

    private Optional<Refusal> refuseUpgrade() {
        if (users.get() >= limits.usersMax()) {
            return Optional.of(usersTooMany());
        }
        return joins.isEmpty() ? Optional.of(joins.refusal(ErrorCode.UPGRADE_JOINS_TOO_MANY)) : Optional.empty();
    }

    Optional<Refusal> join() {
        return joins.tryTake() ? Optional.empty() : Optional.of(joins.refusal(ErrorCode.JOINS_TOO_MANY));
    }

    Optional<Refusal> addUser() {
        int before = users.getAndUpdate(count -> Math.min(count + 1, limits.usersMax()));
        return before < limits.usersMax() ? Optional.empty() : Optional.of(usersTooMany());
    }

    void removeUser() {
        users.decrementAndGet();
    }

    /// Counts clients without a socket, which count as sockets.
    public AtomicInteger streamClients() {
        return streamClients;
    }

    /// How many sockets have a channel.
    public int users() {
        return users.get();
    }

    private Refusal usersTooMany() {
        return ErrorCode.USERS_TOO_MANY.refusal().over(limits.usersMax(), users.get());
    }
}
