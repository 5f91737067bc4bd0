package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What one socket may still do. A client that does too much empties its socket's budget first, then its share of the
/// server's, and never all of the server's. Safe for any thread.
public final class ClientBudget {
    private final ServerBudget server;
    private final String address;
    private final ClientShares.Share share;
    private final RateLimiter joins;
    private final RateLimiter messages;
    private final RateLimiter presence;
    private final Object lock = new Object();

    // guarded by lock
    private int seats;
    private ClientShares.@Nullable Share seated;
    private boolean closed;

    /// Holds a share of the server's bounds until it is closed.
    ///
    /// @param viewer  that the connection's token stands for
    /// @param address that the connection comes from
    public ClientBudget(ServerBudget server, Viewer viewer, String address) {
        this.server = requireNonNull(server, "server is null");
        this.address = requireNonNull(address, "address is null");
        this.share = server.shares().hold(ClientKey.of(viewer, address));
        this.joins = new RateLimiter(server.limits().clientJoins(), server.nanos());
        this.messages = new RateLimiter(server.limits().messages(), server.nanos());
        this.presence = new RateLimiter(server.limits().presence(), server.nanos());
    }

    /// Nothing when it may try another join.
    public Optional<Refusal> join() {
        return joins.tryTake() ? share.join().or(server::join) : Optional.of(joins.refusal(ErrorCode.JOINS_TOO_MANY));
    }

    /// Nothing when it may send another message.
    public Optional<Refusal> message() {
        return messages.tryTake() ? Optional.empty() : Optional.of(messages.refusal(ErrorCode.MESSAGES_TOO_MANY));
    }

    /// Nothing when it may send another presence message.
    public Optional<Refusal> presenceMessage() {
        return presence.tryTake() ? Optional.empty() : Optional.of(presence.refusal(ErrorCode.PRESENCE_TOO_FAST));
    }

    /// For a new channel.
    public PresenceBudget presence() {
        return new PresenceBudget(server.limits().presenceWindow(), server.nanos());
    }

    /// For a join that is about to be let in. The first makes the socket one of the server's users, which it stays
    /// until it closes, unless all its joins turn out to be refused and [#giveSeatBack].
    ///
    /// @param viewer that the join's token stands for
    public Optional<Refusal> takeSeat(Viewer viewer) {
        synchronized (lock) {
            Optional<Refusal> refused = seats == 0 && !closed ? addUser(viewer) : Optional.empty();
            seats += refused.isEmpty() ? 1 : 0;
            return refused;
        }
    }

    private Optional<Refusal> addUser(Viewer viewer) {
        ClientShares.Share taken = server.shares().hold(ClientKey.of(viewer, address));
        Optional<Refusal> refused = taken.addUser();
        if (refused.isEmpty()) {
            refused = server.addUser();
            if (refused.isEmpty()) {
                seated = taken;
                return refused;
            }
            taken.removeUser();
        }
        taken.close();
        return refused;
    }

    private void removeUser() {
        server.removeUser();
        ClientShares.Share taken = requireNonNull(seated);
        seated = null;
        taken.removeUser();
        taken.close();
    }

    /// That the connection comes from.
    public String address() {
        return address;
    }

    /// A join for which a seat was taken was refused after all.
    public void giveSeatBack() {
        synchronized (lock) {
            seats--;
            if (seats == 0 && !closed) {
                removeUser();
            }
        }
    }

    /// The socket is gone.
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            if (seats > 0) {
                removeUser();
            }
            share.close();
            closed = true;
        }
    }
}
