package dev.walcast.server.feed;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.SharedBytes;

/// A part of the rows that a binding begins with, encoded once and shared by all its receivers.
///
/// @param first   whether the client begins anew with it
/// @param members UTF-8 JSON: the members of an object, without its braces; shared, never written to
/// @param counted the members as they are counted in the budget of memory: once for all receivers
public record SnapshotChunk(boolean first, boolean last, byte[] members, SharedBytes counted) {
    public SnapshotChunk {
        requireNonNull(members, "members is null");
        requireNonNull(counted, "counted is null");
    }

    public SnapshotChunk(boolean first, boolean last, byte[] members) {
        this(first, last, members, new SharedBytes(members.length));
    }
}
