package dev.walcast.server.rest;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.auth.TokenVerifier;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Optional;

/// Reads the viewer of a request. `Authorization: Bearer` takes precedence over the `apikey` header. A request with
/// an unreadable `Authorization` has no viewer, whatever else it contains.
public final class Credentials {
    private static final HeaderName API_KEY = HeaderNames.create("apikey");
    private static final String BEARER = "bearer";

    private final TokenVerifier verifier;

    Credentials(TokenVerifier verifier) {
        this.verifier = verifier;
    }

    Optional<Viewer> viewer(Headers headers) {
        Optional<String> token = token(headers);
        if (token.isEmpty()) {
            return Optional.empty();
        }
        return switch (verifier.verify(token.get())) {
            case TokenVerdict.Verified verified -> Optional.of(verified.viewer());
            case TokenVerdict.Rejected _ -> Optional.empty();
        };
    }

    /// The token in the headers, not verified.
    public static Optional<String> token(Headers headers) {
        return token(headers, Optional.empty());
    }

    /// The token, not verified. Headers without a value count as absent, because some clients send them before they
    /// have a token.
    ///
    /// @param queried the key in the query, used when no header has one
    public static Optional<String> token(Headers headers, Optional<String> queried) {
        Optional<String> key = text(headers, API_KEY).or(() -> queried.filter(text -> !text.isBlank()));
        String authorization = text(headers, HeaderNames.AUTHORIZATION).orElse(BEARER);
        int space = authorization.indexOf(' ');
        String scheme = space < 0 ? authorization : authorization.substring(0, space);
        if (!scheme.equalsIgnoreCase(BEARER)) {
            return space < 0 ? Optional.empty() : key;
        }
        return space < 0 ? key : Optional.of(authorization.substring(space + 1).strip());
    }

    private static Optional<String> text(Headers headers, HeaderName name) {
        return headers.first(name).map(String::strip).filter(text -> !text.isEmpty());
    }
}
