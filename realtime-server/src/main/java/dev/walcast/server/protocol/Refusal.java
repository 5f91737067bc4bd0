package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

/// One refusal as a client may read it.
///
/// @param text the code's text with its blanks filled in; never holds a secret
public record Refusal(ErrorCode code, String text) {
    public Refusal {
        requireNonNull(code, "code is null");
        requireNonNull(text, "text is null");
    }

    /// As a reply's `reason`.
    public String reason() {
        return code.bare() ? text : code.code() + ": " + text;
    }

    /// The body of the HTTP answer when a socket is refused; empty for the refusals that have none.
    public String upgradeBody() {
        String upgradeText = code.upgradeText(text);
        return upgradeText.isEmpty() ? "" : "{\"error\":" + Json.quoted(upgradeText) + "}";
    }
}
