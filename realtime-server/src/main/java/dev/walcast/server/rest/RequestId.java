package dev.walcast.server.rest;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import java.util.UUID;

/// The id of a request: the client's own if it is valid, otherwise a new one.
final class RequestId {
    private static final HeaderName HEADER = HeaderNames.create("x-request-id");

    private RequestId() {}

    static String of(Headers headers) {
        return headers.first(HEADER)
                .filter(id -> id.matches("[A-Za-z0-9._=+/-]{20,200}"))
                .orElseGet(() -> UUID.randomUUID().toString());
    }
}
