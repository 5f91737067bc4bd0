package dev.walcast.server.front;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// A [HttpFront] with a few routes on a free port.
final class FrontServer implements AutoCloseable {
    private final Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
    final CountDownLatch mayAnswer = new CountDownLatch(1);
    final HttpFront front;

    FrontServer(FrontLimits limits) throws IOException {
        this(limits, List.of());
    }

    FrontServer(FrontLimits limits, List<Http1Upgrader> upgraders) throws IOException {
        front = new HttpFront("127.0.0.1", 0, limits, supervisor);
        front.serve(
                HttpRouting.builder()
                        .get("/livez", (_, response) -> response.send("alive"))
                        .head("/livez", (_, response) -> response.send("alive"))
                        .get(
                                "/who",
                                (request, response) ->
                                        response.send(request.remotePeer().host()))
                        .get("/stream", FrontServer::stream)
                        .get("/slow", this::slow)
                        .head("/count", FrontServer::count)
                        .post("/count", FrontServer::count),
                upgraders);
    }

    static FrontLimits limits(int connections, int waiting, int perAddress, String proxies) {
        return new FrontLimits(
                connections,
                waiting,
                perAddress,
                TrustedProxies.parse(proxies),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5),
                Duration.ofSeconds(5));
    }

    static FrontLimits limits() {
        return limits(1_000, 1_000, 0, "");
    }

    int port() {
        return front.port();
    }

    private void slow(ServerRequest request, ServerResponse response) throws InterruptedException {
        mayAnswer.await();
        response.send("slow");
    }

    private static void count(ServerRequest request, ServerResponse response) throws IOException {
        byte[] body = request.content().inputStream().readAllBytes();
        response.send(body.length + " bytes");
    }

    private static void stream(ServerRequest request, ServerResponse response) throws IOException {
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream");
        try (OutputStream out = response.outputStream()) {
            for (String event : List.of("one", "two", "three")) {
                out.write(("data: " + event + "\n\n").getBytes(java.nio.charset.StandardCharsets.UTF_8));
                out.flush();
            }
        }
    }

    @Override
    public void close() {
        mayAnswer.countDown();
        front.close();
        supervisor.close();
    }
}
