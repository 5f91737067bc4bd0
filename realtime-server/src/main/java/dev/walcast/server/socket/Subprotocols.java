package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// The `Sec-WebSocket-Protocol` of a request. Phoenix' client sends `phoenix`, and its `authToken` as a second one, for
/// a browser lets it send no header of its own.
public final class Subprotocols {
    private static final String PHOENIX = "phoenix";
    private static final String TOKEN = "base64url.bearer.phx.";

    private final List<String> offered;

    private Subprotocols(List<String> offered) {
        this.offered = offered;
    }

    /// @param header all values of the header, joined with commas
    public static Subprotocols of(String header) {
        return new Subprotocols(
                Arrays.stream(header.split(",", -1)).map(String::strip).toList());
    }

    /// The one that the answer has to name, or a browser fails.
    Optional<String> answered() {
        return offered.contains(PHOENIX) ? Optional.of(PHOENIX) : Optional.empty();
    }

    /// The token in it, not looked at yet. Nothing when there is none or more than one; one that cannot be decoded is
    /// empty.
    public Optional<String> token() {
        List<String> tokens = offered.stream()
                .filter(protocol -> protocol.startsWith(TOKEN))
                .map(protocol -> decoded(protocol.substring(TOKEN.length())))
                .toList();
        return tokens.size() == 1 ? Optional.of(tokens.getFirst()) : Optional.empty();
    }

    /// In either alphabet: the name says one, Phoenix' client uses the other.
    private static String decoded(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
            return new String(bytes, UTF_8);
        } catch (IllegalArgumentException _) {
            return "";
        }
    }
}
