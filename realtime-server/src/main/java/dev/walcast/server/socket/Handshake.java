package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenCheck;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Serializer;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Decides whether a request may become a socket.
final class Handshake {
    private static final HeaderName API_KEY = HeaderNames.create("x-api-key");

    private final TokenVerifier tokens;
    private final SocketRegistry registry;

    Handshake(TokenVerifier tokens, SocketRegistry registry) {
        this.tokens = requireNonNull(tokens, "tokens is null");
        this.registry = requireNonNull(registry, "registry is null");
    }

    /// What became of a request.
    sealed interface Outcome {
        record Accepted(Serializer serializer, String token) implements Outcome {}

        /// @param error   null for an empty body
        /// @param delayed whether the answer waits, against retry storms
        record Refused(int status, @Nullable String error, boolean delayed) implements Outcome {}
    }

    Outcome decide(UriQuery query, Headers headers) {
        if (registry.isDraining()) {
            return new Outcome.Refused(503, ErrorCode.REALTIME_RESTARTING.text(), false);
        }
        Optional<Serializer> serializer = Serializer.of(query.first("vsn").orElse(null));
        if (serializer.isEmpty()) {
            return new Outcome.Refused(403, null, false);
        }
        String token = headers.first(API_KEY)
                .or(() -> query.first("apikey").asOptional())
                .orElse("");
        if (token.isEmpty()) {
            return new Outcome.Refused(401, ErrorCode.MISSING_API_KEY.text(), true);
        }
        return switch (tokens.verify(token)) {
            case TokenCheck.Valid _ -> new Outcome.Accepted(serializer.get(), token);
            case TokenCheck.Refused refused ->
                new Outcome.Refused(refused.upgradeStatus(), refused.upgradeMessage(), true);
        };
    }
}
