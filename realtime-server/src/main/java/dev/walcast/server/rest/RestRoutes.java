package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.limits.TokenSubject;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.topic.Rooms;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// The routes of the REST interface. Each is available under two paths, with and without the prefix that a gateway
/// strips.
public final class RestRoutes implements HttpService, AutoCloseable {
    private static final List<String> PREFIXES = List.of("", "/realtime/v1");

    private final Credentials credentials;
    private final Callers callers;
    private final RestLimits limits;
    private final BodyAlarms alarms = new BodyAlarms();
    private final MemoryBudget memory;
    private final Broadcasts broadcasts;
    private final String document = resource("/openapi.json");

    public RestRoutes(
            RestLimits limits, TokenVerifier tokens, Rooms rooms, CallerQuestions questions, MemoryBudget memory) {
        this.credentials = new Credentials(requireNonNull(tokens, "tokens is null"));
        this.callers = new Callers(limits, questions);
        this.limits = requireNonNull(limits, "limits is null");
        this.memory = requireNonNull(memory, "memory is null");
        this.broadcasts = new Broadcasts(limits, rooms);
    }

    @Override
    public void routing(HttpRules rules) {
        Handler healthcheck = answering(_ -> RestResponse.text(200, "ok"));
        rules.get("/healthcheck", healthcheck).head("/healthcheck", healthcheck);
        for (String prefix : PREFIXES) {
            for (Route route : routes()) {
                rules.route(route.method(), prefix + route.pattern(), route.handler());
                if (route.method().equals(Method.GET)) {
                    rules.head(prefix + route.pattern(), route.handler());
                }
            }
            rules.options(prefix + "/api/*", CrossOrigin::preflight);
            rules.any(prefix + "/api/*", answering(_ -> RestResponse.html(ErrorCode.REST_NOT_FOUND)));
        }
    }

    /// The routes that the OpenAPI document describes.
    List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/api/broadcast", calling(broadcasts::batch)),
                new Route(
                        Method.POST,
                        "/api/broadcast/{topic}/events/{event}",
                        "/api/broadcast/*",
                        calling(broadcasts::single)),
                new Route(Method.GET, "/api/ping", answering(_ -> RestResponse.json(200, "{\"message\":\"Success\"}"))),
                new Route(Method.GET, "/api/openapi", answering(_ -> RestResponse.json(200, document))));
    }

    @Override
    public void close() {
        alarms.close();
    }

    @FunctionalInterface
    private interface Work<T> {
        RestResponse answer(T about) throws RequestRefusedException;
    }

    /// Handles requests with a valid token.
    private Handler calling(Work<Call> work) {
        return (request, response) -> {
            try (RequestBody body = body(request)) {
                Optional<Viewer> viewer = credentials.viewer(request.headers());
                if (viewer.isEmpty()) {
                    send(body, response, stranger(request), RestResponse.message(ErrorCode.REST_UNAUTHORIZED));
                    return;
                }
                Caller caller = TokenSubject.of(viewer.get()).map(callers::user).orElseGet(() -> stranger(request));
                send(body, response, caller, answer(work, new Call(request, body, viewer.get(), caller)));
            }
        };
    }

    /// Handles requests of any client.
    private Handler answering(Work<ServerRequest> work) {
        return (request, response) -> send(body(request), response, stranger(request), answer(work, request));
    }

    private RequestBody body(ServerRequest request) {
        return new RequestBody(request, limits, alarms, memory);
    }

    private static <T> RestResponse answer(Work<T> work, T about) {
        try {
            return work.answer(about);
        } catch (RequestRefusedException e) {
            return e.answer();
        }
    }

    private Caller stranger(ServerRequest request) {
        return callers.at(request.remotePeer().host());
    }

    private static void send(RequestBody body, ServerResponse response, Caller caller, RestResponse answer) {
        body.close();
        boolean last = !body.discard();
        if (last) {
            response.header(HeaderNames.CONNECTION, "close");
        }
        long remaining = caller.remaining();
        response.status(answer.status())
                .header("x-request-id", RequestId.of(body.request().headers()))
                .header("x-rate-limit", Integer.toString(caller.messagesPerSecond()))
                .header("x-rate-limit-remaining", Long.toString(remaining))
                .header("x-rate-rolling", Long.toString(caller.messagesPerSecond() - remaining))
                .header(HeaderNames.CACHE_CONTROL, "max-age=0, private, must-revalidate");
        CrossOrigin.allow(response);
        answer.headers().forEach(response::header);
        if (!answer.contentType().isEmpty()) {
            response.header(HeaderNames.CONTENT_TYPE, answer.contentType());
        }
        response.send(answer.body().getBytes(StandardCharsets.UTF_8));
        if (last) {
            body.drain();
            throw new CloseConnectionException("the rest of the body is not read");
        }
    }

    private static String resource(String path) {
        try (InputStream stream = RestRoutes.class.getResourceAsStream(path)) {
            return new String(requireNonNull(stream, path).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
