package dev.walcast.server.topic;

import dev.walcast.server.protocol.Broadcast;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Who is in which room on this node. Used by all threads; never blocks a broadcast for a join.
public final class Hub implements Rooms {
    private final ConcurrentHashMap<RoomName, Set<RoomMember>> rooms = new ConcurrentHashMap<>();

    /// Adds a receiver. Does nothing when it is there already.
    public void join(RoomName room, RoomMember member) {
        rooms.compute(room, (_, members) -> {
            Set<RoomMember> joined = members == null ? ConcurrentHashMap.newKeySet() : members;
            joined.add(member);
            return joined;
        });
    }

    /// Removes a receiver. Does nothing when it is not there.
    public void leave(RoomName room, RoomMember member) {
        rooms.computeIfPresent(room, (_, members) -> {
            members.remove(member);
            return members.isEmpty() ? null : members;
        });
    }

    /// @param except the sender, when it does not want its own message back
    public void broadcast(RoomName room, Broadcast broadcast, @Nullable RoomMember except) {
        EncodedBroadcast encoded = new EncodedBroadcast(broadcast);
        for (RoomMember member : rooms.getOrDefault(room, Set.of())) {
            if (!member.equals(except)) {
                member.deliver(encoded);
            }
        }
    }

    @Override
    public void broadcast(Broadcast broadcast, boolean isPrivate) {
        broadcast(new RoomName(broadcast.topic(), isPrivate), broadcast, null);
    }

    /// How many topics have a receiver; the public and the private one of a name count as two.
    public int rooms() {
        return rooms.size();
    }

    /// How many receivers all topics have together.
    public int channels() {
        return rooms.values().stream().mapToInt(Set::size).sum();
    }
}
