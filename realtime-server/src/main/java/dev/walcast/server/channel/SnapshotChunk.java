package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

/// A part of the rows that a binding begins with, encoded once and shared by all its receivers.
///
/// @param first   whether the client begins anew with it
/// @param members UTF-8 JSON: the members of an object, without its braces; shared, never written to
public record SnapshotChunk(boolean first, boolean last, byte[] members) {
    public SnapshotChunk {
        requireNonNull(members, "members is null");
    }
}
