package dev.walcast.server.rest;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;

/// Writes the CORS headers. Pages of any origin are allowed: the token authorises a request, and cookies are not
/// read.
public final class CrossOrigin {
    private static final HeaderName ALLOW_ORIGIN = HeaderNames.create("access-control-allow-origin");
    private static final HeaderName ASKED_HEADERS = HeaderNames.create("access-control-request-headers");
    private static final String USUAL_HEADERS =
            "authorization, apikey, content-type, last-event-id, x-client-info, x-request-id";

    private CrossOrigin() {}

    public static void allow(ServerResponse response) {
        response.header(ALLOW_ORIGIN, "*")
                .header(
                        "access-control-expose-headers",
                        "x-request-id, x-rate-limit, x-rate-limit-remaining, x-rate-rolling, " + Broadcasts.DROPPED);
    }

    public static void preflight(ServerRequest request, ServerResponse response) {
        String asked = request.headers()
                .first(ASKED_HEADERS)
                .filter(names -> names.matches("[A-Za-z0-9_, -]{1,1000}"))
                .orElse(USUAL_HEADERS);
        response.status(Status.NO_CONTENT_204)
                .header(ALLOW_ORIGIN, "*")
                .header("access-control-allow-methods", "GET, POST, OPTIONS")
                .header("access-control-allow-headers", asked)
                .header("access-control-max-age", "86400")
                .header(HeaderNames.VARY, "access-control-request-headers")
                .send();
    }
}
