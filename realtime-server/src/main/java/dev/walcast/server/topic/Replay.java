package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.StoredBroadcast;
import dev.walcast.server.request.ReplayRequest;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A channel's replay next to the live broadcasts: those that come while the history is read wait for it, and none
/// comes twice. Guarded by the channel's lock.
public final class Replay {
    /// Beyond these the history is not worth waiting for, and the join fails rather than having a hole.
    public static final int HELD_MAX = 1_000;

    private static final int HELD_BYTES_MAX = 8 * 1024 * 1024;

    private record Held(Optional<String> id, OutboundFrame frame) {}

    private final MemoryAccount memory;
    private final Set<String> ids = HashSet.newHashSet(ReplayRequest.LIMIT_MAX);
    private List<Held> held = new ArrayList<>();
    private long heldBytes;
    private boolean overflown;

    public Replay(MemoryAccount memory) {
        this.memory = requireNonNull(memory, "memory is null");
    }

    /// Keeps a live broadcast until the replay is through.
    public void hold(Optional<String> id, OutboundFrame frame) {
        heldBytes += frame.bytes();
        // nothing is taken from the budget once it has overflown, for nothing would be given back
        overflown = overflown
                || held.size() >= HELD_MAX
                || heldBytes > HELD_BYTES_MAX
                || !memory.hold(frame.ownBytes(), frame.shared());
        if (!overflown) {
            held.add(new Held(id, frame));
        } else {
            forget();
        }
    }

    /// Nothing of what was kept is delivered.
    public void forget() {
        held.forEach(live -> memory.release(live.frame.ownBytes(), live.frame.shared()));
        held = List.of();
    }

    /// Whether more came than could be kept.
    public boolean overflown() {
        return overflown;
    }

    /// All there is to be sent now, in order; the replay is through.
    ///
    /// @param stored the oldest first, at most [ReplayRequest#LIMIT_MAX]
    public List<OutboundFrame> finish(List<StoredMessage> stored, Serializer serializer, Address joined) {
        List<OutboundFrame> frames = new ArrayList<>();
        for (StoredMessage message : stored) {
            ids.add(message.id());
            new StoredBroadcast(joined.topic(), message.event(), message.encoding(), message.payload(), message.id())
                    .encode(serializer, joined)
                    .ifPresent(frames::add);
        }
        held.stream().filter(live -> !isReplayed(live.id())).map(Held::frame).forEach(frames::add);
        forget();
        return frames;
    }

    /// Whether the history that was sent held this broadcast.
    public boolean isReplayed(Optional<String> id) {
        return !ids.isEmpty() && id.filter(ids::contains).isPresent();
    }
}
