package dev.walcast.server.rights;

import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A role with the claims of a token.
///
/// @param user the claim `sub`; empty for none
/// @param org  the claim `org`; 0 for none
record TestViewer(String role, String user, int org) {
    /// The server's login is not a member of this role, so that its tokens must show nothing.
    static final String OUTSIDER = "outsider";

    static final List<TestViewer> ALL = List.of(
            new TestViewer("anon", "", 0),
            new TestViewer("authenticated", "u1", 1),
            new TestViewer("authenticated", "u2", 2),
            new TestViewer("authenticated", "u3", 3),
            new TestViewer("editor", "u1", 1),
            new TestViewer("editor", "u2", 4),
            new TestViewer("service_role", "", 0),
            new TestViewer(OUTSIDER, "u1", 1));

    String token() {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC()).issue(role, claims(), Duration.ofHours(1));
    }

    private Map<String, Object> claims() {
        Map<String, Object> claims = new LinkedHashMap<>();
        if (!user.isEmpty()) {
            claims.put("sub", user);
        }
        if (org > 0) {
            claims.put("org", org);
        }
        return claims;
    }

    /// For `request.jwt.claims`.
    String claimsJson() {
        String sub = user.isEmpty() ? "" : ",\"sub\":\"" + user + "\"";
        return "{\"role\":\"" + role + "\"" + sub + (org > 0 ? ",\"org\":" + org : "") + "}";
    }

    @Override
    public String toString() {
        return role + (user.isEmpty() ? "" : "/" + user + "/" + org);
    }

    boolean isOutsider() {
        return role.equals(OUTSIDER);
    }
}
