package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import io.helidon.http.Method;
import io.helidon.webserver.http.Handler;

/// One line of the interface.
///
/// @param path    as the OpenAPI document spells it
/// @param pattern what the web server compares with; wider than the path where an encoded slash may be in a name
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
