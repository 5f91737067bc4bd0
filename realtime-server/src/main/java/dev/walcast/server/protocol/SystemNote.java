package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/// The content of a `system` message; clients need all of it, always as strings.
///
/// @param warnings beyond the reference; clients ignore the key, which is left out when there are none
/// @param refusal  whose limit is told in keys beyond the reference as well
/// @param place    likewise
public record SystemNote(
        String status,
        String extension,
        String message,
        List<String> warnings,
        Optional<Refusal> refusal,
        Optional<FeedPlace> place) {
    private static final String SYSTEM = "system";
    private static final String POSTGRES_CHANGES = "postgres_changes";

    public SystemNote {
        requireNonNull(status, "status is null");
        requireNonNull(extension, "extension is null");
        requireNonNull(message, "message is null");
        warnings = List.copyOf(warnings);
        requireNonNull(refusal, "refusal is null");
        requireNonNull(place, "place is null");
    }

    private SystemNote(String status, String extension, String message) {
        this(status, extension, message, List.of(), Optional.empty(), Optional.empty());
    }

    public static SystemNote subscribed(List<String> warnings, Optional<FeedPlace> place) {
        return new SystemNote("ok", POSTGRES_CHANGES, "Subscribed to PostgreSQL", warnings, Optional.empty(), place);
    }

    public static SystemNote notSubscribed(String why) {
        return new SystemNote("error", POSTGRES_CHANGES, why);
    }

    public static SystemNote disconnecting() {
        return new SystemNote("ok", SYSTEM, "Server requested disconnect");
    }

    /// Broadcasts from the database arrive from here on.
    public static SystemNote replicationReady() {
        return new SystemNote("ok", SYSTEM, "Replication connection established");
    }

    /// Always followed by `phx_close`.
    public static SystemNote closing(Refusal refusal) {
        return new SystemNote("error", SYSTEM, refusal.text(), List.of(), Optional.of(refusal), Optional.empty());
    }
}
