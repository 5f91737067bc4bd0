package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// Reads the `Sec-WebSocket-Protocol` of a request. Phoenix' client sends `phoenix`, and its `authToken` as a second
/// value, because a browser cannot set other headers.
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

    /// The subprotocol that the response must name; without it a browser fails.
    Optional<String> answered() {
        return offered.contains(PHOENIX) ? Optional.of(PHOENIX) : Optional.empty();
    }

    /// The token in the header, not verified. Empty when there is none or more than one. A token that cannot be
    /// decoded is the empty text.
    public Optional<String> token() {
        List<String> tokens = offered.stream()
                .filter(protocol -> protocol.startsWith(TOKEN))
                .map(protocol -> decoded(protocol.substring(TOKEN.length())))
                .toList();
        return tokens.size() == 1 ? Optional.of(tokens.getFirst()) : Optional.empty();
    }

    /// Accepts both alphabets: the name asks for one, Phoenix' client uses the other.
    private static String decoded(String text) {
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(text.replace('+', '-').replace('/', '_'));
            return new String(bytes, UTF_8);
        } catch (IllegalArgumentException _) {
            return "";
        }
    }
}
