package dev.walcast.server.rest;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.auth.TokenVerifier;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Optional;

/// Who a request comes from: `Authorization: Bearer` before the `apikey` header. An `Authorization` that cannot be read
/// leaves the request without a viewer, whatever else it carries.
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

    /// The token, not looked at yet.
    public static Optional<String> token(Headers headers) {
        return token(headers, Optional.empty());
    }

    /// The token, not looked at yet. Some clients send headers without a value before they have a token; these count
    /// as absent.
    ///
    /// @param queried the key in the query, which counts when no header has one
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
