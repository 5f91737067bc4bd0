package dev.walcast.server.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.HttpRouting;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// The demo accepts writes of its own page only. No database is needed: 403 comes before it, and 503 from it.
class SameOriginTest {
    private static WebServer server;

    @BeforeAll
    static void start() {
        PGSimpleDataSource nothing = new PGSimpleDataSource();
        nothing.setURL("jdbc:postgresql://127.0.0.1:1/none");
        server = WebServer.builder()
                .address(InetAddress.getLoopbackAddress())
                .port(0)
                .shutdownHook(false)
                .addRouting(HttpRouting.builder().register(new DemoRoutes(nothing, "key")))
                .build()
                .start();
    }

    @AfterAll
    static void stop() {
        server.stop();
    }

    @Test
    void ownPageAndOtherProgramsMayWrite() throws Exception {
        String own = "localhost:" + server.port();
        for (String headers : List.of(
                "Host: " + own,
                "Host: " + own + "\r\nOrigin: http://" + own,
                "Host: " + own + "\r\nOrigin: http://" + own + "\r\nSec-Fetch-Site: same-origin",
                "Host: 127.0.0.1:" + server.port(),
                "Host: [::1]:" + server.port())) {
            assertThat(write(headers)).as(headers).isEqualTo(503);
        }
    }

    @Test
    void otherPagesMayNotWrite() throws Exception {
        String own = "localhost:" + server.port();
        for (String headers : List.of(
                "Host: " + own + "\r\nOrigin: https://evil.example",
                "Host: " + own + "\r\nOrigin: null",
                "Host: " + own + "\r\nOrigin: http://localhost:1",
                "Host: " + own + "\r\nSec-Fetch-Site: cross-site",
                "Host: " + own + "\r\nSec-Fetch-Site: same-site",
                "Host: evil.example:" + server.port(),
                "Host: evil.example\r\nOrigin: http://evil.example\r\nSec-Fetch-Site: same-origin",
                "Host: localhost.evil.example")) {
            assertThat(write(headers)).as(headers).isEqualTo(403);
        }
    }

    @Test
    void keyIsNotGivenToForeignName() throws Exception {
        assertThat(status("GET /demo/config", "Host: localhost", "")).isEqualTo(200);
        assertThat(status("GET /demo/config", "Host: evil.example", "")).isEqualTo(403);
    }

    private static int write(String headers) throws IOException {
        return status("POST /demo/messages", headers, "{}");
    }

    private static int status(String request, String headers, String body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write((request + " HTTP/1.1\r\n" + headers + "\r\nContent-Length: " + body.length()
                                    + "\r\nConnection: close\r\n\r\n" + body)
                            .getBytes(StandardCharsets.US_ASCII));
            byte[] start = new byte[12];
            new DataInputStream(socket.getInputStream()).readFully(start);
            return Integer.parseInt(new String(start, 9, 3, StandardCharsets.US_ASCII));
        }
    }
}
