package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The cursors of one server: up to which position somebody has acknowledged. At most so many, the least recently used
/// go first; and none that was not used for long. Positions are text that sorts within its epoch, which stands before
/// the first hyphen. Safe for any thread.
public final class Cursors {
    private final AckLimits limits;
    private final InstantSource clock;
    private volatile boolean durable;

    // guarded by this
    private final LinkedHashMap<CursorKey, Cursor> cursors = new LinkedHashMap<>(16, 0.75f, true);
    private final Map<CursorKey, Object> holders = new HashMap<>();
    private final Set<CursorKey> changed = new HashSet<>();

    record Cursor(String position, Instant used) {
        Cursor {
            requireNonNull(position, "position is null");
            requireNonNull(used, "used is null");
        }
    }

    /// What is to be written down.
    record Changes(Map<CursorKey, Cursor> kept, Set<CursorKey> gone) {
        boolean isEmpty() {
            return kept.isEmpty() && gone.isEmpty();
        }
    }

    public Cursors(AckLimits limits, InstantSource clock) {
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

    /// Where the holder goes on, who from now on is the only one that moves the cursor; empty when there is none.
    public synchronized Optional<String> take(CursorKey key, Object holder) {
        forgetOld();
        holders.put(key, holder);
        Cursor cursor = cursors.get(key);
        if (cursor == null) {
            return Optional.empty();
        }
        put(key, cursor.position);
        return Optional.of(cursor.position);
    }

    /// The holder is gone.
    public synchronized void release(CursorKey key, Object holder) {
        holders.remove(key, holder);
    }

    /// Makes the cursor, unless there is one.
    public synchronized void begin(CursorKey key, String position) {
        if (!cursors.containsKey(key)) {
            put(key, position);
        }
    }

    /// Moves the cursor, never back within an epoch.
    ///
    /// @return false when somebody else has taken it
    @SuppressWarnings("ReferenceEquality") // a holder is only itself
    public synchronized boolean advance(CursorKey key, String position, Object holder) {
        if (holders.get(key) != holder) {
            return false;
        }
        Cursor cursor = cursors.get(key);
        put(key, cursor == null ? position : later(cursor.position, position));
        return true;
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

    private void put(CursorKey key, String position) {
        cursors.put(key, new Cursor(position, clock.instant()));
        changed.add(key);
        Iterator<CursorKey> oldest = cursors.keySet().iterator();
        while (cursors.size() > limits.cursorsMax()) {
            changed.add(oldest.next());
            oldest.remove();
        }
    }

    private void forgetOld() {
        Instant until = clock.instant().minus(limits.age());
        Iterator<Map.Entry<CursorKey, Cursor>> oldest = cursors.entrySet().iterator();
        while (oldest.hasNext()) {
            Map.Entry<CursorKey, Cursor> entry = oldest.next();
            if (!entry.getValue().used.isBefore(until)) {
                return;
            }
            changed.add(entry.getKey());
            oldest.remove();
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
