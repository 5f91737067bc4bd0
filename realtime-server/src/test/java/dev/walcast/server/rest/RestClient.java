package dev.walcast.server.rest;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.server.auth.TestingTokens;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;

/// Sends requests like clients do, with a token unless the test omits it.
final class RestClient implements AutoCloseable {
    static final String USER = TestingTokens.signed("""
            {"role":"authenticated","sub":"u1","exp":2100000000}""");

    private final HttpClient http = HttpClient.newHttpClient();
    private final String base;

    RestClient(int port) {
        this.base = "http://127.0.0.1:" + port;
    }

    HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path));
    }

    HttpRequest.Builder as(String token, String path) {
        return request(path).header("Authorization", "Bearer " + token);
    }

    HttpResponse<String> json(String token, String path, String body) throws IOException, InterruptedException {
        return post(as(token, path).header("Content-Type", "application/json"), BodyPublishers.ofString(body, UTF_8));
    }

    HttpResponse<String> json(String path, String body) throws IOException, InterruptedException {
        return json(TestingTokens.ANON, path, body);
    }

    HttpResponse<String> post(HttpRequest.Builder request, BodyPublisher body)
            throws IOException, InterruptedException {
        return send(request.POST(body));
    }

    HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    @Override
    public void close() {
        http.close();
    }
}
