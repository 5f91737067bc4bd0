package dev.walcast.server.channel;

import dev.walcast.server.protocol.OutboundMessage;
import dev.walcast.server.protocol.Serializer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Which channels of this node are joined to which topic, and the fan-out to them. Safe for any thread.
public final class Hub {
    private final Map<String, Set<Channel>> rooms = new ConcurrentHashMap<>();

    void join(Channel channel) {
        rooms.compute(channel.topic(), (_, members) -> {
            Set<Channel> present = members == null ? ConcurrentHashMap.newKeySet() : members;
            present.add(channel);
            return present;
        });
    }

    void leave(Channel channel) {
        rooms.computeIfPresent(channel.topic(), (_, members) -> {
            members.remove(channel);
            return members.isEmpty() ? null : members;
        });
    }

    /// Hands a message to every member of the topic, encoded once for each serializer.
    ///
    /// @param encoder what a serializer makes of it; empty for one that cannot carry it
    /// @param without a member that does not get it, if any
    void broadcast(String topic, Function<Serializer, Optional<OutboundMessage>> encoder, @Nullable Channel without) {
        Map<Serializer, Optional<OutboundMessage>> encoded = new HashMap<>();
        for (Channel member : rooms.getOrDefault(topic, Set.of())) {
            if (member != without) {
                encoded.computeIfAbsent(member.serializer(), encoder).ifPresent(member::offer);
            }
        }
    }

    /// How many topics have members.
    public int topics() {
        return rooms.size();
    }

    /// How many channels are joined, over all sockets.
    public int channels() {
        return rooms.values().stream().mapToInt(Set::size).sum();
    }
}
