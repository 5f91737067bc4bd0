package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.SharedBytes;

/// The published presences of a room, encoded once for all who come between two diffs.
///
/// @param json    a JSON object; shared, never written to
/// @param counted the same as it is counted in the budget of memory
public record PresenceState(byte[] json, SharedBytes counted) {
    public PresenceState {
        requireNonNull(json, "json is null");
        requireNonNull(counted, "counted is null");
    }

    static PresenceState of(byte[] json) {
        return new PresenceState(json, new SharedBytes(json.length));
    }
}
