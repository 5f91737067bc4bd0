package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.Services;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.socket.Handshake;
import java.util.Optional;

/// Lets clients in that come without a socket, by the same rules and within the same bounds: each counts as a socket
/// with one channel.
public final class Guests {
    private final Services services;
    private final Door door;
    private final MemoryBudget memory;

    Guests(Services services, Door door, MemoryBudget memory) {
        this.services = requireNonNull(services, "services is null");
        this.door = requireNonNull(door, "door is null");
        this.memory = requireNonNull(memory, "memory is null");
    }

    /// What counts the memory that they make the server hold.
    public MemoryBudget memory() {
        return memory;
    }

    /// @param token     as the client sent it
    /// @param isPrivate whether it wants to hear a private topic and nothing else
    /// @return to be closed when the client is gone
    public Guest admit(Optional<String> token, Handshake handshake, boolean isPrivate) throws RefusedException {
        refuseIf(services.draining().getAsBoolean(), ErrorCode.RESTARTING);
        refuseIf(door.isFull(), ErrorCode.CONNECTIONS_TOO_MANY);
        Optional<String> headers = RequestHeaders.json(handshake);
        refuseIf(headers.isEmpty(), ErrorCode.HEADERS_TOO_LARGE);
        refuseIf(token.isEmpty(), ErrorCode.API_KEY_MISSING);
        TokenVerdict.Verified verified = verified(token.orElseThrow());
        refuseIf(services.limits().clients().privateOnly() && !isPrivate, ErrorCode.PRIVATE_ONLY);
        return seated(verified, headers.orElseThrow(), handshake.address());
    }

    private TokenVerdict.Verified verified(String token) throws RefusedException {
        return switch (services.verifier().verify(token)) {
            case TokenVerdict.Verified verified -> verified;
            case TokenVerdict.Rejected rejected -> throw new RefusedException(rejected.refusal());
        };
    }

    private Guest seated(TokenVerdict.Verified verified, String headers, String address) throws RefusedException {
        Viewer viewer = verified.viewer();
        ClientBudget budget = new ClientBudget(services.budget(), viewer, address);
        boolean seated = false;
        try {
            Optional<Refusal> refused = services.budget()
                    .refuseUpgrade(ClientKey.of(viewer, address))
                    .or(budget::join)
                    .or(() -> budget.takeSeat(viewer));
            if (refused.isPresent()) {
                throw new RefusedException(refused.get());
            }
            Guest guest = new Guest(services, budget, verified, headers);
            seated = true;
            return guest;
        } finally {
            if (!seated) {
                budget.close();
            }
        }
    }

    private static void refuseIf(boolean so, ErrorCode code) throws RefusedException {
        if (so) {
            throw new RefusedException(code.refusal());
        }
    }
}
