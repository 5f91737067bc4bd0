package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.tasks.Timers;
import dev.walcast.server.topic.RoomName;
import java.util.concurrent.ConcurrentHashMap;

/// The topics that have presence. Safe for any thread.
public final class TopicPresences {
    private record Places(TopicPresence presence, int taken) {
        Places plus(int more) {
            return new Places(presence, taken + more);
        }
    }

    private final ConcurrentHashMap<RoomName, Places> topics = new ConcurrentHashMap<>();
    private final PresenceRefs refs = new PresenceRefs();
    private final PresenceLimits limits;
    private final Timers timers;
    private final MemoryAccount lostMemory;

    /// @param lostMemory counts presences of lost clients
    public TopicPresences(PresenceLimits limits, Timers timers, MemoryAccount lostMemory) {
        this.limits = requireNonNull(limits, "limits is null");
        this.timers = requireNonNull(timers, "timers is null");
        this.lostMemory = requireNonNull(lostMemory, "lostMemory is null");
    }

    /// The limits of every topic.
    public PresenceLimits limits() {
        return limits;
    }

    /// Returns the topic's presence and takes a place in it, which [TopicPresence#leave] gives back.
    public TopicPresence takePlace(RoomName name) {
        Places places = topics.compute(name, (_, old) -> old == null ? new Places(open(name), 1) : old.plus(1));
        return requireNonNull(places).presence();
    }

    private TopicPresence open(RoomName name) {
        return new TopicPresence(name, limits, refs, timers, lostMemory, () -> giveBackPlace(name));
    }

    private void giveBackPlace(RoomName name) {
        topics.computeIfPresent(name, (_, places) -> places.taken() == 1 ? null : places.plus(-1));
    }

    /// How many topics have presence.
    public int topics() {
        return topics.size();
    }
}
