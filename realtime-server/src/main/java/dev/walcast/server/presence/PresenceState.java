package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.SharedBytes;

/// The published presences of a topic, encoded once for all clients that join between two diffs.
///
/// @param json    a JSON object; shared, never modified
/// @param counted the same bytes as counted in the memory budget
public record PresenceState(byte[] json, SharedBytes counted) {
    public PresenceState {
        requireNonNull(json, "json is null");
        requireNonNull(counted, "counted is null");
    }

    static PresenceState of(byte[] json) {
        return new PresenceState(json, new SharedBytes(json.length));
    }
}
