package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.front.HttpText.Reply;
import dev.walcast.server.front.StrictReading.Ending;
import dev.walcast.server.front.StrictReading.Request;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Random requests have the same reading here and in an independent reader, or both refuse them.
/// `-Dwalcast.fuzz.cases=1000000` is the long run. The seed is printed; `-Dwalcast.fuzz.seed` repeats it.
class HttpFuzzTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 40_000);
    private static final int CONNECTIONS = Math.clamp(CASES / 100, 300, 5_000);

    /// Targets and headers that the engine takes; it has rules of its own for others, and refuses.
    private static final Pattern PLAIN = Pattern.compile("/[a-z0-9/]*(\\?[a-z0-9=]*)?");

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final List<Request> heard = new ArrayList<>();

    private void hear(ServerRequest request, ServerResponse response) throws IOException {
        String query = request.prologue().query().rawValue();
        String body = new String(request.content().inputStream().readAllBytes(), ISO_8859_1);
        String target = request.prologue().uriPath().rawPath() + (query.isEmpty() ? "" : "?" + query);
        heard.add(new Request(request.prologue().method().text(), target, request.authority(), body));
        response.send("heard");
    }

    @Test
    void everyRequestHasOneReading() throws IOException {
        System.out.println("HTTP fuzz: " + CASES + " cases with seed " + seed);
        HttpEngine engine = new HttpEngine(HttpRouting.builder().any(this::hear), List.of());
        FrontLimits limits = FrontServer.limits();
        int requests = 0;
        int refused = 0;
        for (int i = 0; i < CASES; i++) {
            SplittableRandom random = new SplittableRandom(seed + i);
            String text = new RandomRequests(random).next();
            FakeSocket socket = new FakeSocket(text.getBytes(ISO_8859_1), random);
            ConnectionPlaces places = new ConnectionPlaces(limits);
            heard.clear();
            ClientConnection connection =
                    new ClientConnection(socket, InetAddress.getLoopbackAddress(), () -> engine, limits, places);
            places.enter(connection);
            connection.run();
            StrictReading.Result expected = StrictReading.of(text);
            try {
                compare(expected, socket.output());
                assertThat(places.open()).isEmpty();
                assertThat(places.waiting()).isZero();
            } catch (AssertionError e) {
                throw new AssertionError(
                        "case " + i + " of seed " + seed + "\nrequest: " + shown(text) + "\nexpected: " + expected
                                + "\nheard: " + heard + "\nanswer: " + shown(socket.output()),
                        e);
            }
            requests += heard.size();
            refused += expected.ending() == Ending.REFUSED ? 1 : 0;
        }
        engine.close();
        System.out.println("HTTP fuzz: " + requests + " requests were read, " + refused + " connections refused");
        assertThat(requests).isGreaterThan(CASES / 4);
        assertThat(refused).isGreaterThan(CASES / 10);
    }

    private void compare(StrictReading.Result expected, String output) {
        List<String> methods = expected.requests().stream().map(Request::method).toList();
        List<Reply> replies = HttpText.replies(output, methods);
        assertThat(heard.size()).isLessThanOrEqualTo(expected.requests().size());
        for (int i = 0; i < heard.size(); i++) {
            assertSame(heard.get(i), expected.requests().get(i));
        }
        boolean engineRefused = heard.size() < expected.requests().size();
        if (engineRefused) {
            Request next = expected.requests().get(heard.size());
            boolean encoded = replies.getLast().body().contains("ncoding");
            assertThat(PLAIN.matcher(next.target()).matches() && !output.contains("HTTP/1.1 4"))
                    .as("%s is refused, %s", next, encoded)
                    .isFalse();
        }
        boolean isRefused = engineRefused || expected.ending() == Ending.REFUSED;
        assertThat(replies).hasSize(heard.size() + (isRefused ? 1 : 0));
        for (int i = 0; i < heard.size(); i++) {
            assertThat(replies.get(i).status()).isEqualTo(200);
        }
        if (isRefused) {
            assertThat(replies.getLast().status())
                    .satisfies(status -> assertThat((status >= 400 && status < 500) || status == 505)
                            .as("status %d", status)
                            .isTrue());
            assertThat(replies.getLast().header("Connection")).contains("close");
        }
    }

    private static void assertSame(Request heard, Request expected) {
        assertThat(heard.method()).isEqualTo(expected.method());
        // the engine does not distinguish an empty query from none
        assertThat(heard.target()).isEqualTo(expected.target().replaceFirst("\\?$", ""));
        assertThat(heard.body()).isEqualTo(expected.body());
        assertThat(expected.host()).isEqualTo(heard.host());
    }

    private static String shown(String text) {
        return text.replace("\r", "\\r").replace("\n", "\\n\n").replace("\u0000", "\\0");
    }

    @Test
    void healthyClientIsAlwaysAnswered() throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        try (FrontServer server = new FrontServer(FrontServer.limits());
                ExecutorService executor = Executors.newThreadPerTaskExecutor(
                        Thread.ofPlatform().name("http-fuzz").factory())) {
            Future<Integer> good = executor.submit(() -> {
                int answers = 0;
                while (!over.get()) {
                    assertThat(HttpText.converse(
                                    server.port(), "GET /livez HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"))
                            .startsWith("HTTP/1.1 200");
                    answers++;
                }
                return answers;
            });
            try {
                for (int i = 0; i < CONNECTIONS; i++) {
                    send(server.port(), new RandomRequests(new SplittableRandom(seed - i)).next());
                }
            } finally {
                over.set(true);
            }
            assertThat(good.get()).isPositive();
            await().until(() -> server.front.connections() == 0 && server.front.waiting() == 0);
        }
    }

    /// Says that it has ended, so that the server need not wait for more.
    private static void send(int port, String text) throws IOException {
        try (java.net.Socket socket = new java.net.Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(text.getBytes(ISO_8859_1));
            socket.shutdownOutput();
            String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            assertThat(answer.replace("HTTP/1.1 505", "")).as(text).doesNotContain("HTTP/1.1 5");
        } catch (java.net.SocketException _) {
            // a reset is an end, too
        }
    }
}
