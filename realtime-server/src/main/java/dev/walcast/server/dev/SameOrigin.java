package dev.walcast.server.dev;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.http.ServerRequest;
import java.net.InetAddress;
import java.net.URI;
import java.util.Locale;

/// Distinguishes requests of the demo page from requests that another web page makes a browser send.
final class SameOrigin {
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");

    private SameOrigin() {}

    /// Whether the request addresses this server by an IP address or as `localhost`. Any other name may be one that a
    /// foreign page resolves to this machine.
    static boolean isLocalName(ServerRequest request) {
        return isLocal(request.authority());
    }

    /// Whether the browser says that a page of this server sent the request, or no browser sent it.
    static boolean isOwn(ServerRequest request) {
        ServerRequestHeaders headers = request.headers();
        boolean ownSite = headers.first(FETCH_SITE)
                .map(site -> site.equals("same-origin") || site.equals("none"))
                .orElse(true);
        boolean ownOrigin = headers.first(HeaderNames.ORIGIN)
                .map(origin -> isOrigin(origin, request.authority()))
                .orElse(true);
        return isLocalName(request) && ownSite && ownOrigin;
    }

    private static boolean isOrigin(String origin, String authority) {
        return origin.equalsIgnoreCase("http://" + authority) || origin.equalsIgnoreCase("https://" + authority);
    }

    static boolean isLocal(String authority) {
        try {
            String host = URI.create("http://" + authority).getHost();
            return host != null && (isLocalhost(host.toLowerCase(Locale.ROOT)) || isAddress(host));
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private static boolean isLocalhost(String host) {
        return host.equals("localhost") || host.endsWith(".localhost");
    }

    private static boolean isAddress(String host) {
        try {
            return InetAddress.ofLiteral(host.startsWith("[") ? host.substring(1, host.length() - 1) : host) != null;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }
}
