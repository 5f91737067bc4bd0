package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The limits of one socket. A client that does too much uses up its socket's budget first, then its share of the
/// server's, and never all of the server's. Safe for any thread.
public final class ClientBudget {
    private final ServerBudget server;
    private final String address;
    private final ClientShares.Share share;
    private final RateLimiter joins;
    private final RateLimiter messages;
    private final RateLimiter presence;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private int seats;

    @GuardedBy("lock")
    private ClientShares.@Nullable Share seated;

    @GuardedBy("lock")
    private boolean closed;

    /// Takes a share of the server's bounds until it is closed.
    ///
    /// @param viewer  the viewer of the connection's token
    /// @param address the connection's address
    public ClientBudget(ServerBudget server, Viewer viewer, String address) {
        this.server = requireNonNull(server, "server is null");
        this.address = requireNonNull(address, "address is null");
        this.share = server.shares().hold(ClientKey.of(viewer, address));
        this.joins = new RateLimiter(server.limits().clientJoins(), server.nanos());
        this.messages = new RateLimiter(server.limits().messages(), server.nanos());
        this.presence = new RateLimiter(server.limits().presence(), server.nanos());
    }

    /// Counts a join. Empty when it is allowed.
    public Optional<Refusal> join() {
        return joins.tryTake() ? share.join().or(server::join) : Optional.of(joins.refusal(ErrorCode.JOINS_TOO_MANY));
    }

    /// Counts a message. Empty when it is allowed.
    public Optional<Refusal> message() {
        return messages.tryTake() ? Optional.empty() : Optional.of(messages.refusal(ErrorCode.MESSAGES_TOO_MANY));
    }

    /// Counts a presence message. Empty when it is allowed.
    public Optional<Refusal> presenceMessage() {
        return presence.tryTake() ? Optional.empty() : Optional.of(presence.refusal(ErrorCode.PRESENCE_TOO_FAST));
    }

    /// Creates the presence budget of a new channel.
    public PresenceBudget presence() {
        return new PresenceBudget(server.limits().presenceWindow(), server.nanos());
    }

    /// Takes a seat for a join that is about to be accepted. The first makes the socket one of the server's users
    /// until it closes, unless all its joins are refused and [#giveSeatBack] is called for each.
    ///
    /// @param viewer the viewer of the join's token
    public Optional<Refusal> takeSeat(Viewer viewer) {
        synchronized (lock) {
            Optional<Refusal> refused = seats == 0 && !closed ? addUser(viewer) : Optional.empty();
            seats += refused.isEmpty() ? 1 : 0;
            return refused;
        }
    }

    @GuardedBy("lock")
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

    @GuardedBy("lock")
    private void removeUser() {
        server.removeUser();
        ClientShares.Share taken = requireNonNull(seated);
        seated = null;
        taken.removeUser();
        taken.close();
    }

    /// The connection's address.
    public String address() {
        return address;
    }

    /// Gives back the seat of a join that was refused after all.
    public void giveSeatBack() {
        synchronized (lock) {
            seats--;
            if (seats == 0 && !closed) {
                removeUser();
            }
        }
    }

    /// Gives everything back when the socket is closed.
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
