package dev.walcast.server.socket;

import dev.walcast.server.channel.SessionServices;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.spi.Http1Upgrader;

/// The sockets as the composition root adds them to a web server.
public final class SocketEndpoint {
    private final Http1Upgrader upgrader;
    private final RefusalRoute refusals;

    public SocketEndpoint(SocketLimits limits, SessionServices services, SocketRegistry registry) {
        Handshake handshake = new Handshake(services.tokens(), registry);
        this.upgrader = new WebSocketUpgrader(handshake, registry, limits, services);
        this.refusals = new RefusalRoute(handshake, limits.refusalDelay());
    }

    public Http1Upgrader upgrader() {
        return upgrader;
    }

    public void addRoutes(HttpRouting.Builder routing) {
        WebSocketUpgrader.PATHS.forEach(path -> routing.get(path, refusals));
    }
}
