package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.StreamEvent;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A message to a whole room: the first receiver of each protocol version pays for the encoding, the others get the
/// same bytes. Used by one thread at a time.
public final class EncodedBroadcast {
    private final Optional<String> id;
    private final Function<Serializer, Optional<OutboundFrame>> encoder;
    private final Optional<Broadcast> broadcast;
    private final Map<Serializer, Optional<OutboundFrame>> frames = HashMap.newHashMap(2);
    private @Nullable Serializer latest;
    private Optional<OutboundFrame> latestFrame = Optional.empty();
    private boolean named;
    private Optional<String> event = Optional.empty();
    private boolean streamed;
    private Optional<OutboundFrame> streamEvent = Optional.empty();

    EncodedBroadcast(Broadcast broadcast) {
        requireNonNull(broadcast, "broadcast is null");
        this.id = broadcast.id();
        this.encoder = serializer -> serializer.encode(broadcast).map(OutboundFrame::sharedWhole);
        this.broadcast = Optional.of(broadcast);
    }

    public EncodedBroadcast(Address all, String event, Payload payload) {
        this.id = Optional.empty();
        this.encoder =
                serializer -> Optional.of(serializer.encode(all, event, payload).sharedWhole());
        this.broadcast = Optional.empty();
    }

    /// The id under which the database stored it; nothing when it did not.
    public Optional<String> id() {
        return id;
    }

    /// The name its sender gave it; nothing when no client sent it.
    public Optional<String> event() {
        if (!named) {
            named = true;
            event = broadcast.map(Broadcast::event);
        }
        return event;
    }

    /// As an event of a stream; nothing when it cannot be expressed.
    public Optional<OutboundFrame> streamEvent() {
        if (!streamed) {
            streamed = true;
            streamEvent = broadcast.flatMap(StreamEvent::broadcast).map(OutboundFrame::sharedWhole);
        }
        return streamEvent;
    }

    /// Nothing when that version cannot express it.
    public Optional<OutboundFrame> frame(Serializer serializer) {
        if (!serializer.equals(latest)) {
            latestFrame = frames.computeIfAbsent(serializer, encoder);
            latest = serializer;
        }
        return latestFrame;
    }
}
