package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Serializer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// A broadcast under way: the first receiver of each protocol version pays for the encoding, the others get the same
/// bytes. Used by the broadcasting thread only.
final class EncodedBroadcast {
    private final Broadcast broadcast;
    private final Map<Serializer, Optional<OutboundFrame>> frames = HashMap.newHashMap(2);

    EncodedBroadcast(Broadcast broadcast) {
        this.broadcast = requireNonNull(broadcast, "broadcast is null");
    }

    /// The id under which the database stored it.
    Optional<String> id() {
        return broadcast.id();
    }

    /// Nothing when that version cannot express the broadcast.
    Optional<OutboundFrame> frame(Serializer serializer) {
        return frames.computeIfAbsent(serializer, s -> s.encode(broadcast));
    }
}
