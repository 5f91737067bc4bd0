package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

/// The content of a `system` message; clients need all of it, always as strings.
public record SystemNote(String status, String extension, String message) {
    private static final String SYSTEM = "system";
    private static final String POSTGRES_CHANGES = "postgres_changes";

    public SystemNote {
        requireNonNull(status, "status is null");
        requireNonNull(extension, "extension is null");
        requireNonNull(message, "message is null");
    }

    public static SystemNote subscribed() {
        return new SystemNote("ok", POSTGRES_CHANGES, "Subscribed to PostgreSQL");
    }

    public static SystemNote notSubscribed(String why) {
        return new SystemNote("error", POSTGRES_CHANGES, why);
    }

    public static SystemNote disconnecting() {
        return new SystemNote("ok", SYSTEM, "Server requested disconnect");
    }

    /// Always followed by `phx_close`.
    public static SystemNote closing(Refusal refusal) {
        return new SystemNote("error", SYSTEM, refusal.text());
    }
}
