package dev.walcast.server.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.StreamEvent;
import dev.walcast.server.rest.Credentials;
import dev.walcast.server.rest.CrossOrigin;
import dev.walcast.server.session.Guest;
import dev.walcast.server.session.Guests;
import dev.walcast.server.session.RefusedException;
import dev.walcast.server.socket.Handshake;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.Watch;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.ServerRequestHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The routes of server-sent events, each under two paths. To stop: [#endAll], [#awaitGone], [#close].
public final class EventStreams implements HttpService, AutoCloseable {
    private static final List<String> PREFIXES = List.of("", "/realtime/v1");
    private static final HeaderName LAST_EVENT_ID = HeaderNames.create("last-event-id");

    private final SocketLimits limits;
    private final Guests guests;
    private final ChangeFeed feed;
    private final SocketStats stats = new SocketStats(Clock.systemUTC());
    private final Set<EventStream> open = ConcurrentHashMap.newKeySet();
    private final Watch watch;
    private volatile boolean draining;

    public EventStreams(SocketLimits limits, Guests guests, ChangeFeed feed) {
        this.limits = requireNonNull(limits, "limits is null");
        this.guests = requireNonNull(guests, "guests is null");
        this.feed = requireNonNull(feed, "feed is null");
        this.watch = new Watch("stream-watch", limits, () -> List.of(open));
    }

    /// Starts the watch.
    public void start(Supervisor supervisor) {
        watch.start(supervisor);
    }

    @Override
    public void routing(HttpRules rules) {
        for (String prefix : PREFIXES) {
            paths().forEach((path, handler) -> {
                rules.get(prefix + path, handler);
                rules.options(prefix + path, CrossOrigin::preflight);
                rules.any(prefix + path, (request, response) -> {
                    response.header(HeaderNames.ALLOW, "GET, OPTIONS");
                    refuse(response, ErrorCode.STREAM_METHOD.refusal());
                });
            });
        }
    }

    /// The paths for the OpenAPI document. Each is opened with GET.
    public Set<String> documented() {
        return paths().keySet();
    }

    private Map<String, Handler> paths() {
        return Map.of("/changes", serving(this::changes), "/broadcast", serving(this::broadcasts));
    }

    /// Counts what the streams have done. [SocketStats#connected] is the number of open streams.
    public SocketStats stats() {
        return stats;
    }

    /// Ends all streams with a goodbye and accepts no more.
    public void endAll() {
        draining = true;
        open.forEach(stream -> stream.end(ErrorCode.RESTARTING.refusal()));
    }

    /// Waits until all streams have ended, at most this long.
    public void awaitGone(Duration atMost) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + atMost.toNanos();
        synchronized (open) {
            long leftNanos = atMost.toNanos();
            while (!open.isEmpty() && leftNanos > 0) {
                open.wait(leftNanos / 1_000_000 + 1);
                leftNanos = deadlineNanos - System.nanoTime();
            }
        }
    }

    @Override
    public void close() {
        watch.close();
    }

    private interface Work {
        void serve(ServerRequest request, ServerResponse response) throws RefusedException, InterruptedException;
    }

    private static Handler serving(Work work) {
        return (request, response) -> {
            try {
                work.serve(request, response);
            } catch (RefusedException e) {
                refuse(response, e.refusal());
            } catch (InterruptedException e) {
                throw new CloseConnectionException("the client does not read", e);
            }
        };
    }

    private static void refuse(ServerResponse response, Refusal refusal) {
        CrossOrigin.allow(response);
        response.status(refusal.code().status().orElseThrow())
                .header(HeaderNames.CONTENT_TYPE, "application/json; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(refusal.json().getBytes(UTF_8));
    }

    private void changes(ServerRequest request, ServerResponse response) throws RefusedException, InterruptedException {
        StreamQuery query = StreamQuery.ofChanges(request.query());
        try (Guest guest = admit(request, query, false)) {
            Binding binding = new Binding(1, query.binding(lastEventId(request, query)));
            serve(response, guest, stream -> {
                try (ChangeFeed.Subscription _ = feed.subscribe(
                        List.of(binding), guest.viewer(), new StreamedChanges(stream, guest.address()))) {
                    stream.serve(response);
                }
            });
        }
    }

    /// The id of the last event. The header takes precedence: a query may contain the id of an earlier attempt.
    private static Optional<String> lastEventId(ServerRequest request, StreamQuery query) {
        return request.headers()
                .first(LAST_EVENT_ID)
                .filter(id -> !id.isBlank())
                .or(query::lastEventId);
    }

    private void broadcasts(ServerRequest request, ServerResponse response)
            throws RefusedException, InterruptedException {
        StreamQuery query = StreamQuery.ofBroadcasts(request.query());
        boolean isPrivate = query.flag("private");
        try (Guest guest = admit(request, query, isPrivate)) {
            serve(response, guest, stream -> {
                guest.hear(query.topic(), isPrivate, query.text("event"), stream::offer);
                stream.offer(StreamEvent.comment());
                stream.serve(response);
            });
        }
    }

    private Guest admit(ServerRequest request, StreamQuery query, boolean isPrivate) throws RefusedException {
        return guests.admit(Credentials.token(request.headers(), query.apiKey()), handshake(request), isPrivate);
    }

    private static Handshake handshake(ServerRequest request) {
        UriQuery query = request.query();
        ServerRequestHeaders headers = request.headers();
        return new Handshake(
                name -> query.contains(name) ? Optional.of(query.get(name)) : Optional.empty(),
                name -> headers.first(HeaderNames.create(name)),
                headers.stream().map(header -> header.headerName().lowerCase()).toList(),
                request.remotePeer().host());
    }

    private interface Streaming {
        void begin(EventStream stream) throws RefusedException, InterruptedException;
    }

    private void serve(ServerResponse response, Guest guest, Streaming streaming)
            throws RefusedException, InterruptedException {
        CrossOrigin.allow(response);
        EventStream stream = new EventStream(limits, stats, guests.memory());
        stream.open();
        stats.countOpened();
        try {
            open.add(stream);
            if (draining) {
                throw new RefusedException(ErrorCode.RESTARTING.refusal());
            }
            guest.watchToken(stream::end);
            streaming.begin(stream);
        } finally {
            stream.close();
            stats.countClosed(stream.reason());
            open.remove(stream);
            synchronized (open) {
                open.notifyAll();
            }
        }
    }
}
