package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.List;

/// Where the keys of tokens that name one are found: nowhere, in the settings, or at a URL.
public sealed interface KeySource {
    record None() implements KeySource {}

    record Given(KeySet keys) implements KeySource {
        public Given {
            requireNonNull(keys, "keys is null");
        }
    }

    record Fetched(URI url) implements KeySource {
        public Fetched {
            requireNonNull(url, "url is null");
        }
    }

    /// @param setting an `http` or `https` URL, or JSON: an object with `keys`, an array of keys, or a single key
    /// @throws IllegalArgumentException when nothing can be verified with it; the message says why
    static KeySource parse(String setting) {
        String text = setting.strip();
        return text.startsWith("http://") || text.startsWith("https://")
                ? new Fetched(url(text))
                : new Given(keys(text));
    }

    /// What is left out of the keys, a sentence each.
    default List<String> warnings() {
        return this instanceof Given(KeySet keys) ? keys.skipped() : List.of();
    }

    /// Starts what is needed to find keys; to be closed.
    default KeyLookup open() {
        FetchedKeys.Timing timing = FetchedKeys.Timing.usual();
        return switch (this) {
            case None _ -> KeySet.none();
            case Given(KeySet keys) -> keys;
            case Fetched(URI url) ->
                FetchedKeys.start(new JwksEndpoint(url, timing.patience()), timing, System::nanoTime);
        };
    }

    private static URI url(String text) {
        try {
            URI url = URI.create(text);
            if (url.getHost() != null) {
                return url;
            }
        } catch (IllegalArgumentException _) {
            // its message repeats the text, which may hold a password
        }
        throw new IllegalArgumentException("is not a valid URL");
    }

    private static KeySet keys(String json) {
        KeySet keys = KeySet.parse(json.getBytes(UTF_8), true);
        if (keys.entries().isEmpty()) {
            throw new IllegalArgumentException(
                    "holds no key that can verify a token. " + String.join(" ", keys.skipped()));
        }
        return keys;
    }
}
