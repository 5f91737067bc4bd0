package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;

/// What one socket may still do. A client that does too much empties its own budget before the server's. Safe for any
/// thread.
final class ClientBudget {
    private final ServerBudget server;
    private final RateLimiter joins;
    private final RateLimiter messages;
    private final RateLimiter presence;
    private final Object lock = new Object();

    // guarded by lock
    private int seats;
    private boolean closed;

    ClientBudget(ServerBudget server) {
        this.server = requireNonNull(server, "server is null");
        this.joins = new RateLimiter(server.limits().clientJoins(), server.nanos());
        this.messages = new RateLimiter(server.limits().messages(), server.nanos());
        this.presence = new RateLimiter(server.limits().presence(), server.nanos());
    }

    /// Nothing when it may try another join.
    Optional<Refusal> join() {
        return joins.tryTake() ? server.join() : Optional.of(joins.refusal(ErrorCode.JOINS_TOO_MANY));
    }

    /// Nothing when it may send another message.
    Optional<Refusal> message() {
        return messages.tryTake() ? Optional.empty() : Optional.of(messages.refusal(ErrorCode.MESSAGES_TOO_MANY));
    }

    /// Nothing when it may send another presence message.
    Optional<Refusal> presenceMessage() {
        return presence.tryTake() ? Optional.empty() : Optional.of(presence.refusal(ErrorCode.PRESENCE_TOO_FAST));
    }

    /// For a new channel.
    PresenceBudget presence() {
        return new PresenceBudget(server.limits().presenceWindow(), server.nanos());
    }

    /// For a join that is about to be let in. The first makes the socket one of the server's users, which it stays
    /// until it closes, unless all its joins turn out to be refused and [#giveSeatBack].
    Optional<Refusal> takeSeat() {
        synchronized (lock) {
            Optional<Refusal> refused = seats == 0 && !closed ? server.addUser() : Optional.empty();
            seats += refused.isEmpty() ? 1 : 0;
            return refused;
        }
    }

    void giveSeatBack() {
        synchronized (lock) {
            seats--;
            if (seats == 0 && !closed) {
                server.removeUser();
            }
        }
    }

    /// The socket is gone.
    void close() {
        synchronized (lock) {
            if (seats > 0 && !closed) {
                server.removeUser();
            }
            closed = true;
        }
    }
}
