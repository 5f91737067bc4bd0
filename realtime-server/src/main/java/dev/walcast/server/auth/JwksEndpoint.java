package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Fetches an auth server's key set from its URL. Redirects are not followed, because the keys decide who a client is
/// and must come from the address that the operator configured.
final class JwksEndpoint implements AutoCloseable {
    private static final long BODY_BYTES_MAX = 256 * 1024;

    private final HttpRequest request;
    private final Duration timeout;
    private final HttpClient client;

    /// @param timeout bounds a whole fetch, from connecting to the last byte
    JwksEndpoint(URI url, Duration timeout) {
        this.timeout = requireNonNull(timeout, "timeout is null");
        this.request = HttpRequest.newBuilder(url)
                .header("Accept", "application/jwk-set+json, application/json")
                .build();
        // the client's own threads would outlive it by a minute
        this.client = HttpClient.newBuilder()
                .executor(task -> Thread.ofVirtual().name("jwks-http").start(task))
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    /// @throws IOException when no keys could be fetched; the message says why and repeats nothing of the response
    KeySet fetch() throws IOException, InterruptedException {
        HttpResponse<byte[]> response = send();
        if (response.statusCode() != 200) {
            throw new IOException("the response is " + response.statusCode() + " instead of 200");
        }
        try {
            return usable(KeySet.parse(response.body(), false));
        } catch (IllegalArgumentException e) {
            throw new IOException("the response " + e.getMessage(), e);
        }
    }

    /// Rejects a set without a usable key: with it no token would be valid any more. It is a fault of the auth
    /// server.
    private static KeySet usable(KeySet keys) {
        if (keys.entries().isEmpty()) {
            throw new IllegalArgumentException(
                    "holds no key that can verify a token. " + String.join(" ", keys.skipped()));
        }
        return keys;
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    private HttpResponse<byte[]> send() throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<byte[]>> sent =
                client.sendAsync(request, BodyHandlers.limiting(BodyHandlers.ofByteArray(), BODY_BYTES_MAX));
        try {
            return sent.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("there is no response within " + timeout.toMillis() + " ms", e);
        } catch (ExecutionException e) {
            throw new IOException("the request failed (" + e.getCause() + ")", e);
        } finally {
            sent.cancel(true);
        }
    }
}
