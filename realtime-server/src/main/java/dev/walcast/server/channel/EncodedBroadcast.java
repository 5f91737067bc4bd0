package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// A message to a whole room: the first receiver of each protocol version pays for the encoding, the others get the
/// same bytes. Used by one thread at a time.
final class EncodedBroadcast {
    private final Optional<String> id;
    private final Function<Serializer, Optional<OutboundFrame>> encoder;
    private final Map<Serializer, Optional<OutboundFrame>> frames = HashMap.newHashMap(2);

    EncodedBroadcast(Broadcast broadcast) {
        requireNonNull(broadcast, "broadcast is null");
        this.id = broadcast.id();
        this.encoder = serializer -> serializer.encode(broadcast);
    }

    EncodedBroadcast(Address everybody, String event, Payload payload) {
        this.id = Optional.empty();
        this.encoder = serializer -> Optional.of(serializer.encode(everybody, event, payload));
    }

    /// The id under which the database stored it; nothing when it did not.
    Optional<String> id() {
        return id;
    }

    /// Nothing when that version cannot express it.
    Optional<OutboundFrame> frame(Serializer serializer) {
        return frames.computeIfAbsent(serializer, encoder);
    }
}
