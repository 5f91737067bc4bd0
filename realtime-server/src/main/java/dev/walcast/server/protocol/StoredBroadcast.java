package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Slice;
import java.util.Optional;

/// A broadcast from the history, for one channel that asked to hear it again.
///
/// @param payload JSON text or raw bytes, as the encoding says; shared, never written to
public record StoredBroadcast(Topic topic, String event, Broadcast.Encoding encoding, byte[] payload, String id) {
    public StoredBroadcast {
        requireNonNull(topic, "topic is null");
        requireNonNull(event, "event is null");
        requireNonNull(encoding, "encoding is null");
        requireNonNull(payload, "payload is null");
        requireNonNull(id, "id is null");
    }

    /// Nothing when that version of the protocol cannot express it.
    public Optional<OutboundFrame> encode(Serializer serializer, Address joined) {
        Optional<Broadcast.Stored> stored = Optional.of(new Broadcast.Stored(id, true));
        return switch (encoding) {
            case JSON ->
                Optional.of(serializer.encode(
                        joined.withRef(null), "broadcast", Payload.broadcast(event, payload, stored)));
            case BINARY -> serializer.encode(new Broadcast.User(topic, event, encoding, Slice.of(payload), stored));
        };
    }
}
