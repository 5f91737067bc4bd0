package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import java.util.Optional;

/// One refusal as a client may read it.
///
/// @param text    the code's text with its blanks filled in; never holds a secret
/// @param measure which limit was reached and how far; only where there is one
public record Refusal(ErrorCode code, String text, Optional<Measure> measure) {
    public Refusal {
        requireNonNull(code, "code is null");
        requireNonNull(text, "text is null");
        requireNonNull(measure, "measure is null");
    }

    public Refusal(ErrorCode code, String text) {
        this(code, text, Optional.empty());
    }

    /// @param current what there is, or was asked for
    public record Measure(long limit, long current) {}

    /// The same refusal, saying which limit was reached.
    public Refusal over(long limit, long current) {
        return new Refusal(code, text, Optional.of(new Measure(limit, current)));
    }

    /// As a reply's `reason`.
    public String reason() {
        return code.bare() ? text : code.code() + ": " + text;
    }

    /// The body of the HTTP answer when a socket is refused; empty for the refusals that have none.
    public String upgradeBody() {
        String upgradeText = code.upgradeText(text);
        return upgradeText.isEmpty() ? "" : "{\"error\":" + Json.quoted(upgradeText) + details() + "}";
    }

    /// As a JSON object of its own, without the envelope of a message.
    public String json() {
        String limits = measure.map(m -> ",\"limit\":" + m.limit() + ",\"current\":" + m.current())
                .orElse("");
        return "{\"code\":" + Json.quoted(code.code()) + ",\"message\":" + Json.quoted(code.upgradeText(text)) + limits
                + "}";
    }

    /// Further members of the JSON object that tells a limit: the code, the limit and the current value. Clients
    /// ignore them.
    String details() {
        return measure.map(m -> ",\"code\":" + Json.quoted(code.code()) + ",\"limit\":" + m.limit() + ",\"current\":"
                        + m.current())
                .orElse("");
    }
}
