package dev.walcast.server.log;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.net.Socket;
import java.net.URL;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/// Text of clients takes one line in the log, with the server's own `logback.xml`.
class HostileLogTest {
    private static final String EVIL = "x\\r\\n2026-01-01 ERROR forged\\u001b[2J\\u2028y";

    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
    private final Logger own = (Logger) LoggerFactory.getLogger("dev.walcast");
    private final LoggerContext configured = new LoggerContext();
    private AppenderBase<ILoggingEvent> appender;

    @BeforeEach
    void listen() throws Exception {
        JoranConfigurator joran = new JoranConfigurator();
        joran.setContext(configured);
        URL file = Objects.requireNonNull(getClass().getResource("/logback.xml"));
        joran.doConfigure(file);
        Encoder<ILoggingEvent> encoder = ((ConsoleAppender<ILoggingEvent>)
                        configured.getLogger(Logger.ROOT_LOGGER_NAME).getAppender("err"))
                .getEncoder();
        appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                lines.add(new String(encoder.encode(event), UTF_8));
            }
        };
        appender.setContext(root.getLoggerContext());
        appender.start();
        root.addAppender(appender);
        own.setLevel(Level.DEBUG);
    }

    @AfterEach
    void stop() {
        own.setLevel(null);
        root.detachAppender(appender);
        configured.stop();
    }

    @Test
    void messagesAndCausesTakeOneLineEach() {
        String evil = "a\r\nb\u001b[2J\u2028";
        own.warn("said {}", evil, new IllegalStateException(evil, new IllegalArgumentException(evil)));
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst())
                .contains("said a\\r\\nb\\u001b[2J\\u2028", "IllegalStateException: a\\r\\nb\\u001b");
        assertThat(lines.getFirst().lines().skip(1))
                .allMatch(
                        line -> line.matches(
                                "(\\s+at .*|\\s*\\.\\.\\. .*|(Caused by: )?java\\.lang\\.Illegal\\w+: a\\\\r\\\\nb\\\\u001b\\[2J\\\\u2028)"));
    }

    @Test
    void hostileNamesStayOnTheirLine() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute(
                    "create role anon nologin; create role walcast login replication; grant anon to walcast",
                    "create table notes (id int primary key, body text); grant select on notes to anon",
                    "create publication supabase_realtime for table notes");
            try (TestServer server = TestServer.start(
                    TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), "hostile"))) {
                attack(server);
            }
        }
        assertThat(lines).isNotEmpty();
        for (String line : lines) {
            assertThat(line).endsWith("\n").doesNotContain("\r", "\u001b", "\u2028", "\nforged", "\n2026-01-01 ERROR");
        }
    }

    private static void attack(TestServer server) throws Exception {
        try (RawSocket socket = server.open("anon")) {
            socket.send("[\"1\",\"1\",\"realtime:" + EVIL + "\",\"phx_join\",{\"config\":{\"private\":true}}]");
            socket.send(
                    "[\"2\",\"" + EVIL + "\",\"realtime:b\",\"phx_join\",{\"config\":{\"presence\":{\"enabled\":true,"
                            + "\"key\":\"" + EVIL + "\"}},\"access_token\":\"" + EVIL + "\"}]");
            socket.send("[\"3\",\"3\",\"realtime:c\",\"" + EVIL + "\",{}]");
            for (String binding : List.of(
                    "\"schema\":\"" + EVIL + "\",\"table\":\"t\"",
                    "\"schema\":\"public\",\"table\":\"" + EVIL + "\"",
                    "\"schema\":\"public\",\"table\":\"notes\",\"filter\":\"" + EVIL + "=eq.1\"",
                    "\"schema\":\"public\",\"table\":\"notes\",\"filter\":\"id=eq." + EVIL + "\"",
                    "\"schema\":\"public\",\"table\":\"notes\",\"filter\":\"body=match.(" + EVIL + "\"",
                    "\"schema\":\"public\",\"table\":\"notes\",\"event\":\"" + EVIL + "\"")) {
                socket.send(
                        "[\"4\",\"4\",\"realtime:d\",\"phx_join\",{\"config\":{\"postgres_changes\":[{\"event\":\"*\","
                                + binding + "}]}}]");
                socket.untilHeartbeat(false);
            }
        }
        for (String request : List.of(
                "GET /realtime/v1/websocket?vsn=%0d%0a%1bforged&apikey=%0d%0aforged HTTP/1.1\r\nHost: x\r\nx-evil: a\u001b[2Jb\r\n\r\n",
                "GET /%0d%0a%1b[2Jforged HTTP/1.1\r\nHost: \u001bx\r\n\r\n", "FORGED\u001b[2J /\r HTTP/1.1\r\n\r\n")) {
            try (Socket socket = new Socket("127.0.0.1", server.port())) {
                socket.getOutputStream().write(request.getBytes(UTF_8));
                socket.shutdownOutput();
                int _ = socket.getInputStream().read();
            }
        }
    }
}
