package dev.walcast.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.net.InetAddress;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Locale;
import java.util.Optional;

/// Lets through requests of the admin port that bring the token, and no others. The token comes in the `Authorization`
/// header only: a page of another site cannot send that header, and a URL reaches logs.
///
/// A request that names a foreign host is refused, so that a site whose name resolves to this machine (DNS rebinding)
/// learns nothing.
final class AdminAccess implements Filter {
    private static final String BEARER = "bearer ";
    private static final HeaderName SEC_FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");

    private final byte[] digest;
    private final String host;
    private final AuditLog audit;

    AdminAccess(AdminSettings settings, AuditLog audit) {
        this.digest = digest(settings.token().reveal());
        this.host = settings.host().toLowerCase(Locale.ROOT);
        this.audit = requireNonNull(audit, "audit is null");
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        Optional<AdminProblem> problem = problem(request);
        if (problem.isPresent()) {
            audit.refused(request, problem.get());
            problem.get().send(response);
        } else {
            chain.proceed();
        }
    }

    private Optional<AdminProblem> problem(RoutingRequest request) {
        ServerRequestHeaders headers = request.headers();
        if (!isOwnHost(request.authority())) {
            return Optional.of(AdminProblem.FOREIGN_HOST);
        }
        if (!isAuthorized(headers)) {
            return Optional.of(AdminProblem.TOKEN_WRONG);
        }
        boolean changes = !request.prologue().method().equals(Method.GET)
                && !request.prologue().method().equals(Method.HEAD);
        boolean crossSite = headers.first(SEC_FETCH_SITE)
                .filter(site -> !site.equals("same-origin") && !site.equals("none"))
                .isPresent();
        return changes && crossSite ? Optional.of(AdminProblem.CROSS_SITE) : Optional.empty();
    }

    private boolean isAuthorized(ServerRequestHeaders headers) {
        return headers.first(HeaderNames.AUTHORIZATION)
                .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(BEARER))
                .map(value -> value.substring(BEARER.length()).strip())
                .filter(token -> MessageDigest.isEqual(digest, digest(token)))
                .isPresent();
    }

    /// Whether the name is an address, this machine's loopback name, or the name in the settings.
    private boolean isOwnHost(String authority) {
        String name = withoutPort(authority).toLowerCase(Locale.ROOT);
        return name.equals("localhost") || name.equals(host) || isAddress(name);
    }

    private static String withoutPort(String authority) {
        int bracket = authority.lastIndexOf(']');
        int colon = authority.lastIndexOf(':');
        String name = colon > bracket ? authority.substring(0, colon) : authority;
        return name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
    }

    private static boolean isAddress(String name) {
        try {
            InetAddress _ = InetAddress.ofLiteral(name);
            return true;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
