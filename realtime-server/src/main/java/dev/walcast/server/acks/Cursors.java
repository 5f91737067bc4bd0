package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The cursors of one server: up to which position a client has acknowledged. At most so many, the least recently
/// used go first; a client that has its share of them loses its own. None stays that was not used for long. Positions
/// are text that sorts within its epoch, which stands before the first hyphen. Safe for any thread.
///
/// Whose a cursor is, is known once a client takes it. Those of an earlier server belong to no client until then.
public final class Cursors {
    private final AckLimits limits;
    private final int ofClientMax;
    private final InstantSource clock;
    private volatile boolean durable;

    @GuardedBy("this")
    private final LinkedHashMap<CursorKey, Cursor> cursors = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("this")
    private final Map<CursorKey, Holder> holders = new HashMap<>();

    @GuardedBy("this")
    private final Map<CursorKey, Object> owners = new HashMap<>();

    /// The keys of each client, the least recently used first.
    @GuardedBy("this")
    private final Map<Object, LinkedHashMap<CursorKey, Boolean>> owned = new HashMap<>();

    @GuardedBy("this")
    private final Set<CursorKey> changed = new HashSet<>();

    record Cursor(String position, Instant used) {
        Cursor {
            requireNonNull(position, "position is null");
            requireNonNull(used, "used is null");
        }
    }

    /// What alone moves a cursor.
    private record Holder(Object holder, Object client) {}

    /// What is to be written down.
    record Changes(Map<CursorKey, Cursor> kept, Set<CursorKey> gone) {
        boolean isEmpty() {
            return kept.isEmpty() && gone.isEmpty();
        }
    }

    /// With all for each client.
    public Cursors(AckLimits limits, InstantSource clock) {
        this(limits, limits.cursorsMax(), clock);
    }

    /// @param ofClientMax how many one client may have
    public Cursors(AckLimits limits, int ofClientMax, InstantSource clock) {
        this.ofClientMax = ofClientMax;
        this.limits = requireNonNull(limits, "limits is null");
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// Whether they outlive the server.
    public boolean isDurable() {
        return durable;
    }

    void setDurable() {
        durable = true;
    }

    /// Where the holder goes on, which from now on is the only one that moves the cursor; empty when there is none.
    ///
    /// @param client whose share the cursor takes
    public synchronized Optional<String> take(CursorKey key, Object holder, Object client) {
        forgetOld();
        holders.put(key, new Holder(holder, client));
        Cursor cursor = cursors.get(key);
        if (cursor == null) {
            return Optional.empty();
        }
        put(key, cursor.position);
        return Optional.of(cursor.position);
    }

    /// The holder is gone.
    public synchronized void release(CursorKey key, Object holder) {
        if (isHeld(key, holder)) {
            holders.remove(key);
        }
    }

    /// Makes the cursor, unless there is one.
    public synchronized void begin(CursorKey key, String position) {
        if (!cursors.containsKey(key)) {
            put(key, position);
        }
    }

    /// Moves the cursor, never back within an epoch.
    ///
    /// @return false when another holder has taken it
    public synchronized boolean advance(CursorKey key, String position, Object holder) {
        if (!isHeld(key, holder)) {
            return false;
        }
        Cursor cursor = cursors.get(key);
        put(key, cursor == null ? position : later(cursor.position, position));
        return true;
    }

    @GuardedBy("this")
    @SuppressWarnings("ReferenceEquality") // a holder is only itself
    private boolean isHeld(CursorKey key, Object holder) {
        Holder known = holders.get(key);
        return known != null && known.holder == holder;
    }

    private static String later(String known, String position) {
        return epoch(known).equals(epoch(position)) && known.compareTo(position) > 0 ? known : position;
    }

    public static String epoch(String position) {
        return position.substring(0, Math.max(0, position.indexOf('-')));
    }

    public synchronized int size() {
        return cursors.size();
    }

    @GuardedBy("this")
    private void put(CursorKey key, String position) {
        cursors.put(key, new Cursor(position, clock.instant()));
        changed.add(key);
        Holder holder = holders.get(key);
        if (holder != null) {
            own(key, holder.client);
        }
        while (cursors.size() > limits.cursorsMax()) {
            forget(cursors.firstEntry().getKey());
        }
    }

    @GuardedBy("this")
    private void own(CursorKey key, Object client) {
        Object before = owners.put(key, client);
        if (before != null && !before.equals(client)) {
            disown(key, before);
        }
        LinkedHashMap<CursorKey, Boolean> own =
                owned.computeIfAbsent(client, _ -> new LinkedHashMap<>(16, 0.75f, true));
        own.put(key, true);
        if (own.size() > ofClientMax) {
            forget(own.firstEntry().getKey());
        }
    }

    @GuardedBy("this")
    private void disown(CursorKey key, Object client) {
        owned.computeIfPresent(client, (_, keys) -> {
            keys.remove(key);
            return keys.isEmpty() ? null : keys;
        });
    }

    @GuardedBy("this")
    private void forget(CursorKey key) {
        cursors.remove(key);
        changed.add(key);
        Object client = owners.remove(key);
        if (client != null) {
            disown(key, client);
        }
    }

    @GuardedBy("this")
    private void forgetOld() {
        Instant until = clock.instant().minus(limits.age());
        for (Map.Entry<CursorKey, Cursor> oldest = cursors.firstEntry();
                oldest != null && oldest.getValue().used.isBefore(until);
                oldest = cursors.firstEntry()) {
            forget(oldest.getKey());
        }
    }

    /// From before this server's start, the least recently used first. What was made since stays.
    synchronized void restore(Map<CursorKey, Cursor> stored) {
        LinkedHashMap<CursorKey, Cursor> newer = new LinkedHashMap<>(cursors);
        cursors.clear();
        cursors.putAll(stored);
        newer.forEach((key, cursor) -> put(key, stored.getOrDefault(key, cursor).position));
        forgetOld();
    }

    /// What has changed since the last call.
    synchronized Changes takeChanges() {
        forgetOld();
        Map<CursorKey, Cursor> kept = new HashMap<>();
        Set<CursorKey> gone = new HashSet<>();
        Map<CursorKey, Cursor> now = new HashMap<>(cursors);
        for (CursorKey key : changed) {
            Cursor cursor = now.get(key);
            if (cursor == null) {
                gone.add(key);
            } else {
                kept.put(key, cursor);
            }
        }
        changed.clear();
        return new Changes(kept, gone);
    }

    /// They could not be written down.
    synchronized void giveBack(Changes changes) {
        changed.addAll(changes.kept.keySet());
        changed.addAll(changes.gone);
    }
}
