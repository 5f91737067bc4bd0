package dev.walcast.server.presence;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.tasks.Timers;
import dev.walcast.server.topic.EncodedBroadcast;
import dev.walcast.server.topic.RoomName;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// The presence of one topic: its members, what they track, and the listeners.
///
/// Changes are collected and sent to all listeners in one diff, at most every [PresenceLimits#flush()]. The first
/// change after a quiet time is sent at once. A new listener receives the state as last published, and later changes
/// with the next diff. So state and diffs are consistent for every listener, and the state is encoded once for all
/// that join between two diffs.
///
/// Each member, and each lost meta in its grace period, holds one place. When the last place is given back the
/// presence ends.
///
/// The lock is held while a diff is offered to all listeners. It is always taken *before* a channel's lock: never
/// call this class with a channel's lock held.
public final class TopicPresence {
    private final RoomName name;
    private final PresenceLimits limits;
    private final PresenceRefs refs;
    private final Timers timers;
    private final MemoryAccount lostMemory;
    private final Runnable giveBackPlace;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final PresenceChanges changes = new PresenceChanges();

    @GuardedBy("lock")
    private final GracePeriod gracePeriod = new GracePeriod();

    @GuardedBy("lock")
    private final Set<PresenceMember> listeners = new HashSet<>();

    @GuardedBy("lock")
    private int metas;

    @GuardedBy("lock")
    private long bytes;

    @GuardedBy("lock")
    private long publishedNanos;

    @GuardedBy("lock")
    private boolean publishing;

    @GuardedBy("lock")
    private @Nullable Future<?> expiry;

    TopicPresence(
            RoomName name,
            PresenceLimits limits,
            PresenceRefs refs,
            Timers timers,
            MemoryAccount lostMemory,
            Runnable giveBackPlace) {
        this.name = requireNonNull(name, "name is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.refs = requireNonNull(refs, "refs is null");
        this.timers = requireNonNull(timers, "timers is null");
        this.lostMemory = requireNonNull(lostMemory, "lostMemory is null");
        this.giveBackPlace = requireNonNull(giveBackPlace, "giveBackPlace is null");
        this.publishedNanos = System.nanoTime() - limits.flush().toNanos();
    }

    /// Sends this member the state, and diffs from now on. Does nothing when it already listens.
    public void listen(PresenceMember member) {
        synchronized (lock) {
            if (!member.hasLeft && listeners.add(member)) {
                member.listener().deliverPresenceState(changes.state());
            }
        }
    }

    /// Stops sending to this member. What it tracks stays.
    public void stopListening(PresenceMember member) {
        synchronized (lock) {
            listeners.remove(member);
        }
    }

    /// The result of tracking an object.
    public enum Tracked {
        DONE,
        TOPIC_FULL,
        NO_MEMORY
    }

    /// Replaces what the member has tracked before, or had when its socket was lost. Others receive it with the next
    /// [#publishSoon()].
    public Tracked track(PresenceMember member, byte[] payload) {
        boolean adopted = false;
        try {
            synchronized (lock) {
                if (member.hasLeft) {
                    return Tracked.DONE;
                }
                if (member.meta == null) {
                    member.meta = gracePeriod.take(member.key(), payload).orElse(null);
                    adopted = member.meta != null;
                    adopt(member);
                    rescheduleExpiry();
                }
                return replace(member, payload);
            }
        } finally {
            if (adopted) {
                giveBackPlace.run();
            }
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private Tracked replace(PresenceMember member, byte[] payload) {
        PresenceMeta old = member.meta;
        if (old != null && old.hasPayload(payload)) {
            return Tracked.DONE;
        }
        String previous = old == null ? null : changes.knownRef(old);
        PresenceMeta fresh = new PresenceMeta(member.key(), refs.next(), previous, payload);
        if (!fits(old, fresh)) {
            return Tracked.TOPIC_FULL;
        }
        if (!member.memory().tryHold(fresh.memoryBytes())) {
            return Tracked.NO_MEMORY;
        }
        if (old != null) {
            remove(old, member.memory());
        }
        add(fresh);
        member.meta = fresh;
        return Tracked.DONE;
    }

    /// Gives the member what a lost client with its key had. With the lock held.
    private void adopt(PresenceMember member) {
        if (member.meta != null) {
            member.memory().take(member.meta.memoryBytes(), null);
            lostMemory.release(member.meta.memoryBytes());
        }
    }

    @GuardedBy("lock")
    private boolean fits(@Nullable PresenceMeta old, PresenceMeta fresh) {
        int freed = old == null ? 0 : old.bytes();
        return (old != null || metas < limits.metasMax()) && bytes - freed + fresh.bytes() <= limits.bytesMax();
    }

    /// Removes what the member tracks. Others receive it with the next [#publishSoon()].
    public void untrack(PresenceMember member) {
        synchronized (lock) {
            if (member.meta != null) {
                remove(member.meta, member.memory());
                member.meta = null;
            }
        }
    }

    /// Removes the member. Called once, as its last call.
    ///
    /// @param lost whether its client may reconnect: what it tracked then stays for the grace period
    public void leave(PresenceMember member, boolean lost) {
        synchronized (lock) {
            member.hasLeft = true;
            listeners.remove(member);
            PresenceMeta meta = member.meta;
            member.meta = null;
            if (meta != null && lost && limits.grace().isPositive() && lostMemory.tryHold(meta.memoryBytes())) {
                member.memory().release(meta.memoryBytes());
                gracePeriod.add(meta, System.nanoTime() + limits.grace().toNanos());
                rescheduleExpiry();
                return; // the meta holds its place now
            }
            if (meta != null) {
                remove(meta, member.memory());
            }
        }
        publishSoon();
        giveBackPlace.run();
    }

    /// Sends the changes to all listeners, now or as soon as the last diff is old enough.
    public void publishSoon() {
        synchronized (lock) {
            if (changes.isEmpty() || publishing) {
                return;
            }
            long wait = publishedNanos + limits.flush().toNanos() - System.nanoTime();
            if (wait <= 0) {
                publish();
            } else {
                publishing = true;
                Future<?> _ = timers.after(Duration.ofNanos(wait), this::publishCollected);
            }
        }
    }

    private void publishCollected() {
        synchronized (lock) {
            publishing = false;
            if (!changes.isEmpty()) {
                publish();
            }
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void publish() {
        Address address = Address.allOn(name.topic());
        EncodedBroadcast diff = new EncodedBroadcast(address, "presence_diff", Payload.of(changes.publish()));
        for (PresenceMember member : listeners) {
            member.listener().deliverPresenceDiff(diff);
        }
        publishedNanos = System.nanoTime();
    }

    /// With the lock held. Nothing is scheduled when no meta is lost.
    @GuardedBy("lock")
    private void rescheduleExpiry() {
        Optional<Long> next = gracePeriod.nextNanos();
        if (next.isEmpty() && expiry != null) {
            expiry.cancel(false);
            expiry = null;
        } else if (next.isPresent() && expiry == null) {
            long wait = Math.max(0, next.get() - System.nanoTime());
            expiry = timers.after(Duration.ofNanos(wait), this::expire);
        }
    }

    private void expire() {
        List<PresenceMeta> expired;
        synchronized (lock) {
            expiry = null;
            expired = gracePeriod.takeExpired(System.nanoTime());
            expired.forEach(meta -> remove(meta, lostMemory));
            rescheduleExpiry();
        }
        publishSoon();
        expired.forEach(_ -> giveBackPlace.run());
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void add(PresenceMeta meta) {
        changes.add(meta);
        metas++;
        bytes += meta.bytes();
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void remove(PresenceMeta meta, MemoryAccount memory) {
        memory.release(meta.memoryBytes());
        changes.remove(meta);
        metas--;
        bytes -= meta.bytes();
    }
}
