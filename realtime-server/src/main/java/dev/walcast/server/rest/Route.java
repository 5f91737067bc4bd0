package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;

/// One route of the REST interface.
///
/// @param path    the path in the OpenAPI document
/// @param pattern the web server's pattern; wider than the path when a name may contain an encoded slash
record Route(Method method, String path, String pattern, Handler handler) {
    Route {
        requireNonNull(method, "method is null");
        requireNonNull(path, "path is null");
        requireNonNull(pattern, "pattern is null");
        requireNonNull(handler, "handler is null");
    }

    Route(Method method, String path, Handler handler) {
        this(method, path, path, handler);
    }
}
