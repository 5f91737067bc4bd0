package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.util.List;

/// Where the keys of tokens with a key id come from: nowhere, the settings, or a URL.
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
    /// @throws IllegalArgumentException when the setting holds no usable key; the message says why
    static KeySource parse(String setting) {
        String text = setting.strip();
        return text.startsWith("http://") || text.startsWith("https://")
                ? new Fetched(url(text))
                : new Given(keys(text));
    }

    /// Warnings about keys that are not used, a sentence each.
    default List<String> warnings() {
        return this instanceof Given(KeySet keys) ? keys.skipped() : List.of();
    }

    /// Creates the lookup for these keys. The caller closes it.
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
            // the exception's message repeats the text, which may hold a password
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
