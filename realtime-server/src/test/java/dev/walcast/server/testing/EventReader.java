package dev.walcast.server.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A client that reads server-sent events strictly according to the standard.
public final class EventReader implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Event END = new Event("(end)", "", "");

    /// @param id the last event id once this is read
    public record Event(String name, String id, String data) {
        public JsonNode json() throws IOException {
            return JSON.readTree(data);
        }
    }

    private final HttpClient http = HttpClient.newHttpClient();
    private final HttpResponse<InputStream> response;
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final AtomicInteger comments = new AtomicInteger();

    private EventReader(HttpRequest.Builder request) throws IOException, InterruptedException {
        response = http.send(
                request.header("Accept", "text/event-stream").build(), HttpResponse.BodyHandlers.ofInputStream());
        if (response.statusCode() == 200) {
            Thread.ofVirtual().start(() -> {
                parse(response.body());
                events.add(END);
            });
        }
    }

    /// Returns when the answer has begun.
    public static EventReader open(String url, String... headers) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
        return new EventReader(headers.length == 0 ? request : request.headers(headers));
    }

    public int status() {
        return response.statusCode();
    }

    public String header(String name) {
        return response.headers().firstValue(name).orElse("");
    }

    /// Of an answer that is no stream.
    public JsonNode refusal() throws IOException {
        try (InputStream body = response.body()) {
            return JSON.readTree(body);
        }
    }

    public Event next() throws InterruptedException {
        Event event = events.poll(60, TimeUnit.SECONDS);
        assertThat(event).as("an event within a minute").isNotNull();
        return event;
    }

    /// The next event, which has to have that name; `message` for those without.
    public Event next(String name) throws InterruptedException {
        Event event = next();
        assertThat(event.name()).as(event.toString()).isEqualTo(name);
        return event;
    }

    public void assertEnds() throws InterruptedException {
        assertThat(next()).isEqualTo(END);
    }

    public int comments() {
        return comments.get();
    }

    private void parse(InputStream body) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            String id = "";
            String name = "message";
            StringBuilder data = new StringBuilder();
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("data: ")) {
                    data.append(data.isEmpty() ? "" : "\n").append(line.substring(6));
                } else if (line.startsWith("id: ")) {
                    id = line.substring(4);
                } else if (line.startsWith("event: ")) {
                    name = line.substring(7);
                } else if (line.startsWith(":")) {
                    comments.incrementAndGet();
                } else if (line.isEmpty() && !data.isEmpty()) {
                    events.add(new Event(name, id, data.toString()));
                    name = "message";
                    data.setLength(0);
                }
            }
        } catch (IOException e) {
            // the connection was cut: the end, as for every client
        }
    }

    @Override
    public void close() {
        http.shutdownNow();
    }
}
