package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.Session;
import dev.walcast.server.channel.SessionServices;
import io.helidon.common.buffers.BufferData;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HttpPrologue;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import io.helidon.webserver.spi.ServerConnection;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Turns a request to one of the socket paths into a [WebSocketConnection]. What it does not accept falls through to
/// the HTTP
/// route of the same path, [RefusalRoute], which answers with the reason.
final class WebSocketUpgrader implements Http1Upgrader {
    static final Set<String> PATHS = Set.of("/realtime/v1/websocket", "/socket/websocket");

    private static final HeaderName KEY = HeaderNames.create("Sec-WebSocket-Key");
    private static final HeaderName VERSION = HeaderNames.create("Sec-WebSocket-Version");
    private static final String KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private final Handshake handshake;
    private final SocketRegistry registry;
    private final SocketLimits limits;
    private final SessionServices services;

    WebSocketUpgrader(Handshake handshake, SocketRegistry registry, SocketLimits limits, SessionServices services) {
        this.handshake = requireNonNull(handshake, "handshake is null");
        this.registry = requireNonNull(registry, "registry is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.services = requireNonNull(services, "services is null");
    }

    @Override
    public String supportedProtocol() {
        return "websocket";
    }

    @Override
    @SuppressWarnings("NullAway") // null is how this interface says no
    public @Nullable ServerConnection upgrade(
            ConnectionContext context, HttpPrologue prologue, WritableHeaders<?> headers) {
        String key = headers.first(KEY).orElse("");
        if (!PATHS.contains(prologue.uriPath().path())
                || !isKey(key)
                || !headers.first(VERSION).orElse("").equals("13")) {
            return null;
        }
        return switch (handshake.decide(prologue.query(), headers)) {
            case Handshake.Outcome.Refused _ -> null;
            case Handshake.Outcome.Accepted accepted -> {
                context.dataWriter().writeNow(BufferData.create(response(key)));
                yield new WebSocketConnection(
                        context,
                        limits,
                        registry,
                        sink -> new Session(services, accepted.serializer(), sink, accepted.token()));
            }
        };
    }

    private static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == 16;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static byte[] response(String key) {
        return ("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
                        + accept(key) + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII);
    }

    /// SHA-1 is what RFC 6455 prescribes; it protects nothing here.
    private static String accept(String key) {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder()
                    .encodeToString(sha1.digest((key + KEY_SUFFIX).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
