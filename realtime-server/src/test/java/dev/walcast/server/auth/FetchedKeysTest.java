package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Keys from a real HTTP server that rotates them, fails, responds slowly, and responds without end.
class FetchedKeysTest {
    private static final TestingKey OLD = TestingKey.of("old", "ES256");
    private static final TestingKey NEW = TestingKey.of("new", "ES256");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final FetchedKeys.Timing TIMING = timing(PATIENCE);
    private static final FetchedKeys.Timing IMPATIENT = timing(Duration.ofSeconds(2));

    private interface Answer {
        void send(HttpExchange exchange) throws IOException;
    }

    private final AtomicLong nanos = new AtomicLong(System.nanoTime());
    private final AtomicInteger requests = new AtomicInteger();
    private final List<Supervisor> supervisors = new ArrayList<>();
    private final ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor();
    private volatile Answer answer = keys(OLD);
    private HttpServer server;
    private FetchedKeys fetched;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(executor);
        server.createContext("/keys", exchange -> {
            requests.incrementAndGet();
            try (exchange) {
                answer.send(exchange);
            }
        });
        server.start();
        fetched = start(TIMING);
    }

    @AfterEach
    void stop() {
        supervisors.forEach(Supervisor::close);
        fetched.close();
        server.stop(0);
        executor.shutdownNow();
    }

    @Test
    void rotatedKeyReplacesTheOldOne() {
        assertThat(find("old")).isPresent();
        assertThat(requests).hasValue(1);
        answer = keys(NEW);
        pass(Duration.ofSeconds(11));
        assertThat(find("new")).isPresent();
        assertThat(find("old")).isEmpty();
        assertThat(requests).hasValue(2);
    }

    @Test
    void unknownKeysCauseOneFetchPerPause() throws Exception {
        assertThat(find("old")).isPresent();
        for (int i = 0; i < 50; i++) {
            assertThat(find("guess" + i)).isEmpty();
        }
        assertThat(requests).hasValue(1);
        CountDownLatch release = new CountDownLatch(1);
        answer = exchange -> {
            awaitQuietly(release);
            keys(OLD, NEW).send(exchange);
        };
        pass(Duration.ofSeconds(11));
        List<Future<Optional<VerificationKey>>> asking = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            asking.add(executor.submit(() -> find("new")));
        }
        await().until(() -> requests.get() == 2);
        release.countDown();
        for (Future<Optional<VerificationKey>> asked : asking) {
            assertThat(asked.get()).isPresent();
        }
        assertThat(requests).hasValue(2);
    }

    @Test
    void keysExpireWithoutServer() {
        assertThat(find("old")).isPresent();
        answer = exchange -> exchange.sendResponseHeaders(503, -1);
        pass(Duration.ofMinutes(119));
        assertThat(find("new")).isEmpty();
        assertThat(find("old")).isPresent();
        server.stop(0);
        pass(Duration.ofSeconds(30));
        assertThat(find("new")).isEmpty();
        assertThat(find("old")).isPresent();
        pass(Duration.ofMinutes(2));
        assertThat(find("old")).isEmpty();
    }

    @Test
    void endlessResponseIsCut() throws Exception {
        fetched.close();
        fetched = start(IMPATIENT);
        await().until(() -> find("old").isPresent());
        CountDownLatch hungUp = new CountDownLatch(1);
        answer = exchange -> drip(exchange, hungUp);
        int before = requests.get();
        pass(Duration.ofSeconds(11));
        Future<Optional<VerificationKey>> waiting = executor.submit(() -> find("new"));
        await().until(() -> requests.get() == before + 1);
        assertThat(find("old")).isPresent();
        assertThat(waiting).as("a known key waits for no fetch").isNotDone();
        assertThat(waiting.get()).isEmpty();
        hungUp.await();
    }

    @Test
    void invalidResponsesChangeNothing() {
        assertThat(find("old")).isPresent();
        String elsewhere = "http://127.0.0.1:" + server.getAddress().getPort() + "/keys";
        List<Answer> answers = List.of(
                text(200, "{\"keys\":[" + NEW.jwk() + "],\"pad\":\"" + "x".repeat(300_000) + "\"}"),
                text(200, "<html>login</html>"),
                text(200, "{\"keys\":7}"),
                text(200, "{\"keys\":[" + (NEW.jwk() + ",").repeat(100) + NEW.jwk() + "]}"),
                text(404, "{\"keys\":[" + NEW.jwk() + "]}"),
                exchange -> {
                    exchange.getResponseHeaders().add("Location", elsewhere);
                    exchange.sendResponseHeaders(302, -1);
                });
        for (Answer wrong : answers) {
            answer = wrong;
            int before = requests.get();
            pass(Duration.ofSeconds(11));
            assertThat(find("new")).isEmpty();
            assertThat(find("old")).isPresent();
            assertThat(requests).hasValue(before + 1);
        }
    }

    @Test
    void setWithoutUsableKeyChangesNothing() {
        assertThat(find("old")).isPresent();
        List<String> sets = List.of(
                "{\"keys\":[]}",
                "[]",
                "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"o\",\"k\":\"c2VjcmV0\"}]}",
                "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"old\"}]}",
                "{\"keys\":[null,7,{}]}");
        for (String set : sets) {
            answer = text(200, set);
            pass(Duration.ofSeconds(11));
            assertThat(find("new")).isEmpty();
            assertThat(find("old")).isPresent();
        }
        pass(Duration.ofHours(2));
        assertThat(find("old")).as("keys that were not confirmed for long").isEmpty();
    }

    @Test
    void fetchedSharedSecretIsNotUsed() {
        assertThat(find("old")).isPresent();
        String secret = "a-secret-that-is-published-to-the-world";
        answer = text(
                200,
                "{\"keys\":[" + NEW.jwk() + ",{\"kty\":\"oct\",\"kid\":\"o\",\"k\":\"" + TestingTokens.encoded(secret)
                        + "\"}]}");
        pass(Duration.ofSeconds(11));
        assertThat(find("new")).isPresent();
        assertThat(fetched.find("o", SignatureAlgorithm.HS256)).isEmpty();
    }

    @Test
    void keysAreFetchedAtIntervals() {
        try (FetchedKeys often = start(
                new FetchedKeys.Timing(Duration.ofMillis(20), PATIENCE, Duration.ofHours(1), Duration.ofHours(1)))) {
            answer = keys(NEW);
            await().until(() -> often.find("new", SignatureAlgorithm.ES256).isPresent());
            answer = keys(OLD);
            await().until(() -> often.find("new", SignatureAlgorithm.ES256).isEmpty());
        }
        int closed = requests.get();
        await().during(Duration.ofMillis(200)).until(() -> requests.get() <= closed + 1);
    }

    @Test
    void tokensAreVerifiedWithFetchedKeys() {
        String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/keys";
        TokenRules rules =
                new TokenRules(Optional.empty(), KeySource.parse(url), ClaimRules.usual(), OpaqueKeys.none());
        int threads = httpThreads();
        try (TokenVerifier verifier = new TokenVerifier(rules, Clock.systemUTC())) {
            String claims =
                    "{\"role\":\"anon\",\"exp\":" + (Clock.systemUTC().instant().getEpochSecond() + 60) + "}";
            assertThat(verifier.verify(OLD.token("ES256", claims))).isInstanceOf(TokenVerdict.Verified.class);
            assertThat(verifier.verify(NEW.token("ES256", claims)))
                    .isInstanceOfSatisfying(
                            TokenVerdict.Rejected.class,
                            rejected -> assertThat(rejected.refusal().upgradeBody())
                                    .isEqualTo(
                                            "{\"error\":\"Failed to generate JWT signer for key ID (kid) \\\"new\\\","
                                                    + " check your JWT secret or JWKS configuration\"}"));
        }
        await().untilAsserted(() -> assertThat(httpThreads()).isEqualTo(threads));
    }

    private static int httpThreads() {
        return (int) Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("HttpClient-"))
                .count();
    }

    @Test
    void fetchWithoutThreadEnds() {
        AtomicInteger refusals = new AtomicInteger(1);
        ThreadStarter scarce = (name, run) -> {
            if (refusals.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return ThreadStarter.VIRTUAL.start(name, run);
        };
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
        try (FetchedKeys keys = FetchedKeys.start(new JwksEndpoint(url, PATIENCE), TIMING, nanos::get, scarce)) {
            assertThat(keys.find("old", SignatureAlgorithm.ES256)).isEmpty();
            pass(TIMING.pause());
            await().until(() -> keys.find("old", SignatureAlgorithm.ES256).isPresent());
        }
    }

    private static FetchedKeys.Timing timing(Duration patience) {
        return new FetchedKeys.Timing(Duration.ofHours(1), patience, Duration.ofSeconds(10), Duration.ofHours(2));
    }

    private FetchedKeys start(FetchedKeys.Timing timing) {
        URI url = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/keys");
        FetchedKeys keys = FetchedKeys.start(new JwksEndpoint(url, timing.patience()), timing, nanos::get);
        supervisors.add(new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit));
        keys.keepFresh(supervisors.getLast());
        return keys;
    }

    private Optional<VerificationKey> find(String keyId) {
        return fetched.find(keyId, SignatureAlgorithm.ES256);
    }

    private void pass(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private static Answer keys(TestingKey... keys) {
        List<String> jwks = new ArrayList<>();
        for (TestingKey key : keys) {
            jwks.add(key.jwk());
        }
        return text(200, "{\"keys\":[" + String.join(",", jwks) + "]}");
    }

    private static Answer text(int status, String body) {
        return exchange -> {
            byte[] bytes = body.getBytes(UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
        };
    }

    /// Sends a byte now and then until the other side hangs up.
    private static void drip(HttpExchange exchange, CountDownLatch hungUp) throws IOException {
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            while (!awaitQuietly(new CountDownLatch(1), Duration.ofMillis(20))) {
                body.write(' ');
                body.flush();
            }
        } finally {
            hungUp.countDown();
        }
    }

    private static void awaitQuietly(CountDownLatch latch) {
        awaitQuietly(latch, Duration.ofSeconds(20));
    }

    private static boolean awaitQuietly(CountDownLatch latch, Duration atMost) {
        try {
            return latch.await(atMost.toNanos(), java.util.concurrent.TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }
}
