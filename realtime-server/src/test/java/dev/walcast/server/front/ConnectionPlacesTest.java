package dev.walcast.server.front;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.server.http.Framing;
import dev.walcast.server.http.RefusedRequestException;
import dev.walcast.server.http.RequestHead;
import io.helidon.webserver.http.HttpRouting;
import java.net.InetAddress;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionPlacesTest {
    private static final InetAddress BUSY = address("192.0.2.1");
    private static final InetAddress IDLE = address("192.0.2.2");

    private final FrontLimits limits = FrontServer.limits(100, 100, 2, "");
    private final ConnectionPlaces places = new ConnectionPlaces(limits);

    private final HttpEngine engine = new HttpEngine(HttpRouting.builder(), List.of());

    @AfterEach
    void stop() {
        engine.close();
    }

    private static InetAddress address(String text) {
        return AddressRange.address(text).orElseThrow();
    }

    private ClientConnection enter(InetAddress peer) {
        FakeSocket socket = new FakeSocket(new byte[0], new SplittableRandom(1));
        ClientConnection connection = new ClientConnection(socket, peer, () -> engine, limits, places);
        assertThat(places.enter(connection)).isTrue();
        return connection;
    }

    private void request(ClientConnection connection) throws RefusedRequestException {
        RequestHead head = new RequestHead("GET", "/any", false, List.of(), new Framing.None(), false, false, true);
        places.request(connection, head, connection.peer());
    }

    @Test
    void fullAddressTakesNoPlaceOfOthers() throws Exception {
        ClientConnection eldest = enter(IDLE);
        eldest.entered();
        enter(IDLE).entered();
        request(enter(BUSY));
        request(enter(BUSY));
        // a search that finds none of this address is not repeated at once
        assertThatThrownBy(() -> request(enter(BUSY))).isInstanceOf(RefusedRequestException.class);
        ClientConnection next = enter(IDLE);
        assertThatCode(() -> request(next)).doesNotThrowAnyException();
        assertThat(places.open()).contains(next).doesNotContain(eldest);
    }
}
