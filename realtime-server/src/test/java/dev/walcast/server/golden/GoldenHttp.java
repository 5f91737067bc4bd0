package dev.walcast.server.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Set;

/// Recorded requests, sent again.
final class GoldenHttp {
    /// Headers that must be present when the reference had them; their values vary.
    private static final Set<String> NAMES =
            Set.of("x-rate-limit", "x-rate-limit-remaining", "x-rate-rolling", "x-request-id");

    private static final Set<String> VALUES = Set.of("content-type", "access-control-allow-origin", "cache-control");

    private GoldenHttp() {}

    record Answer(HttpResponse<String> response) {
        String request() {
            return response.request().method() + " " + response.request().uri().getPath();
        }

        int status() {
            return response.statusCode();
        }

        String body() {
            return response.body();
        }

        void assertIs(JsonNode line) {
            assertThat(status())
                    .as(line.toString())
                    .isEqualTo(line.path("status").asInt());
            assertThat(body()).as(line.toString()).isEqualTo(line.path("data").asText());
            JsonNode headers = line.path("headers");
            NAMES.stream()
                    .filter(headers::has)
                    .forEach(name -> assertThat(response.headers().firstValue(name))
                            .as(name)
                            .isPresent());
            VALUES.stream()
                    .filter(headers::has)
                    .forEach(name -> assertThat(response.headers().firstValue(name))
                            .as(line.toString())
                            .contains(headers.path(name).asText()));
        }
    }

    static Answer send(int port, JsonNode line) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + port + line.path("path").asText()));
        line.path("headers").properties().stream()
                .filter(header -> !header.getKey().equals("host"))
                .forEach(header ->
                        request.header(header.getKey(), header.getValue().asText()));
        request.method(line.path("method").asText(), body(line));
        try (HttpClient client = HttpClient.newHttpClient()) {
            return new Answer(client.send(request.build(), HttpResponse.BodyHandlers.ofString()));
        }
    }

    private static HttpRequest.BodyPublisher body(JsonNode line) {
        byte[] bytes = line.has("base64")
                ? Base64.getDecoder().decode(line.path("base64").asText())
                : GoldenTranscript.whole(line.path("data").asText()).getBytes(StandardCharsets.UTF_8);
        return bytes.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(bytes);
    }
}
