package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import io.helidon.webserver.http.ServerRequest;

/// A request with a valid token.
record Call(ServerRequest request, RequestBody body, Viewer viewer, Caller caller) {
    Call {
        requireNonNull(request, "request is null");
        requireNonNull(body, "body is null");
        requireNonNull(viewer, "viewer is null");
        requireNonNull(caller, "caller is null");
    }
}
