package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import io.helidon.http.Headers;
import io.helidon.http.HttpMediaType;
import io.helidon.http.Status;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.http1.Http1ConnectionSelectorConfig;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Makes Helidon's HTTP/1 connections, each as an [HttpConnection].
final class HttpConnections implements ServerConnectionSelector {
    private final SocketLimits limits;
    private final Http1ConnectionSelector http1;
    private final Map<ConnectionContext, HttpConnection> open = new ConcurrentHashMap<>();

    HttpConnections(SocketLimits limits, Http1Config.Builder config, Iterable<SocketUpgrader> upgraders) {
        this.limits = requireNonNull(limits, "limits is null");
        Http1ConnectionSelectorConfig.Builder builder = Http1ConnectionSelector.builder()
                .config(config.addReceiveListener(new Http1ConnectionListener() {
                            @Override
                            public void headers(ConnectionContext context, Headers headers) {
                                find(context).ifPresent(HttpConnection::requested);
                            }
                        })
                        .addSendListener(new Http1ConnectionListener() {
                            @Override
                            public void status(ConnectionContext context, Status status) {
                                find(context).ifPresent(HttpConnection::answered);
                            }

                            @Override
                            public void headers(ConnectionContext context, Headers headers) {
                                if (headers.contentType()
                                        .filter(HttpConnections::isStream)
                                        .isPresent()) {
                                    find(context).ifPresent(HttpConnection::streaming);
                                }
                            }
                        })
                        .build());
        upgraders.forEach(builder::addUpgrader);
        this.http1 = builder.build();
    }

    Iterable<HttpConnection> open() {
        return open.values();
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        HttpConnection connection = new HttpConnection(
                http1.connection(context), context.serverSocket(), limits, () -> open.remove(context));
        open.put(context, connection);
        return connection;
    }

    @Override
    public int bytesToIdentifyConnection() {
        return http1.bytesToIdentifyConnection();
    }

    @Override
    public Support supports(BufferData data) {
        return http1.supports(data);
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return http1.supportedApplicationProtocols();
    }

    private static boolean isStream(HttpMediaType type) {
        return type.mediaType().text().equals("text/event-stream");
    }

    private Optional<HttpConnection> find(ConnectionContext context) {
        return Optional.ofNullable(open.get(context));
    }
}
