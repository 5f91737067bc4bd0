package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.socket.SocketAdmission.Admission.Admitted;
import dev.walcast.server.socket.SocketAdmission.Admission.Refused;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.http.Method;
import io.helidon.http.RequestException;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Turns upgrade requests that Helidon receives into sockets or refusals.
final class SocketUpgrader implements Http1Upgrader {
    private static final HeaderName KEY = HeaderNames.create("Sec-WebSocket-Key");
    private static final HeaderName PROTOCOL = HeaderNames.create("Sec-WebSocket-Protocol");
    private static final HeaderName VERSION = HeaderNames.create("Sec-WebSocket-Version");

    private final WebSockets owner;
    private final Set<String> paths;
    private final SocketAdmission admission;

    SocketUpgrader(WebSockets owner, Set<String> paths, SocketAdmission admission) {
        this.owner = requireNonNull(owner, "owner is null");
        this.paths = Set.copyOf(paths);
        this.admission = requireNonNull(admission, "admission is null");
    }

    @Override
    public String supportedProtocol() {
        return "websocket";
    }

    /// Returns null for requests to other paths. Helidon then looks for an HTTP route.
    @Override
    public @Nullable ServerConnection upgrade(
            ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
        if (!paths.contains(prologue.uriPath().path())) {
            return null;
        }
        String key = header(headers, KEY).orElse("");
        boolean isWebSocket = prologue.method().equals(Method.GET)
                && Upgrade.isKey(key)
                && header(headers, VERSION).orElse("13").equals("13");
        if (!isWebSocket) {
            throw RequestException.builder()
                    .type(DirectHandler.EventType.BAD_REQUEST)
                    .message("Not a WebSocket handshake")
                    .build();
        }
        if (!(context instanceof UpgradeListener connection)) {
            throw new IllegalStateException("the connection is not Upgradable");
        }
        return switch (admission.admit(handshake(context, prologue, headers))) {
            case Admitted admitted ->
                new Connection(
                        owner,
                        context.serverSocket(),
                        new Upgrade(key, subprotocol(headers), admitted.opener(), context.dataReader(), connection));
            case Refused refused -> {
                owner.stats().countRefused();
                connection.refused();
                yield new RefusedConnection(context.serverSocket(), refused);
            }
        };
    }

    private static Handshake handshake(ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
        UriQuery query = prologue.query();
        return new Handshake(
                name -> query.contains(name) ? Optional.of(query.get(name)) : Optional.empty(),
                name -> {
                    HeaderName header = HeaderNames.create(name);
                    return header.equals(PROTOCOL) ? joined(headers, header) : header(headers, header);
                },
                headers.stream().map(header -> header.headerName().lowerCase()).toList(),
                context.remotePeer().host());
    }

    private static Optional<String> subprotocol(WritableHeaders<?> headers) {
        return joined(headers, PROTOCOL).map(Subprotocols::of).flatMap(Subprotocols::answered);
    }

    /// All values, if there are several.
    private static Optional<String> joined(WritableHeaders<?> headers, HeaderName name) {
        return headers.contains(name)
                ? Optional.of(String.join(",", headers.get(name).allValues()))
                : Optional.empty();
    }

    private static Optional<String> header(WritableHeaders<?> headers, HeaderName name) {
        return headers.contains(name) ? Optional.of(headers.get(name).get()) : Optional.empty();
    }
}
