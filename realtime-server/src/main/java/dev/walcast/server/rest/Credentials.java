package dev.walcast.server.rest;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.auth.TokenVerifier;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.Locale;
import java.util.Optional;

/// Who a request comes from: `Authorization: Bearer` before the `apikey` header. An `Authorization` that cannot be read
/// makes the request nobody's, whatever else it carries.
public final class Credentials {
    private static final HeaderName API_KEY = HeaderNames.create("apikey");

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
        if (!headers.contains(HeaderNames.AUTHORIZATION)) {
            return headers.first(API_KEY);
        }
        String authorization = headers.get(HeaderNames.AUTHORIZATION).get().strip();
        int space = authorization.indexOf(' ');
        if (space < 0) {
            return Optional.empty();
        }
        return authorization.substring(0, space).toLowerCase(Locale.ROOT).equals("bearer")
                ? Optional.of(authorization.substring(space + 1).strip())
                : headers.first(API_KEY);
    }
}
