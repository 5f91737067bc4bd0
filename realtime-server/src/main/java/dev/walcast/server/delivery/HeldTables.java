package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.Target;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Changes of tables whose rights are being read: whom they concern is looked up when the rights are known. Safe for
/// any thread.
public final class HeldTables {
    @GuardedBy("this")
    private final Map<TableId, Deque<HeldChange>> tables = new HashMap<>();

    @GuardedBy("this")
    private long bytes;

    private volatile boolean empty = true;

    /// @param sequence its place among all changes
    /// @param done     run once, when it left
    public record HeldChange(long sequence, long sinceNanos, Encodings encodings, Runnable done) {
        public HeldChange {
            requireNonNull(encodings, "encodings is null");
            requireNonNull(done, "done is null");
        }

        long bytes() {
            return encodings.change().bytes();
        }
    }

    boolean isEmpty() {
        return empty;
    }

    /// Whether changes of the table are held.
    public boolean holds(TableId table) {
        if (empty) {
            return false;
        }
        synchronized (this) {
            return tables.containsKey(table);
        }
    }

    /// The tables whose changes are held, as a copy.
    public synchronized Set<TableId> tables() {
        return Set.copyOf(tables.keySet());
    }

    /// @return how many changes of the table are held now
    public synchronized int add(HeldChange change) {
        Deque<HeldChange> held =
                tables.computeIfAbsent(change.encodings.change().table().id(), _ -> new ArrayDeque<>());
        held.add(change);
        bytes += change.bytes();
        empty = false;
        return held.size();
    }

    /// The oldest change of the table that is held; null when none is.
    public synchronized @Nullable HeldChange first(TableId table) {
        Deque<HeldChange> held = tables.get(table);
        return held == null ? null : held.getFirst();
    }

    /// To be called when what [#first] gave was handed on; until then later changes of its subscriptions wait.
    public synchronized void removeFirst(TableId table) {
        Deque<HeldChange> held = requireNonNull(tables.get(table), "the table is not held");
        bytes -= held.removeFirst().bytes();
        if (held.isEmpty()) {
            tables.remove(table);
            empty = tables.isEmpty();
        }
    }

    /// How much memory all changes that are held take.
    public synchronized long bytes() {
        return bytes;
    }

    /// The table whose changes take the most memory; null when none is held.
    public synchronized @Nullable TableId largest() {
        return tables.entrySet().stream()
                .max(Comparator.comparingLong(held ->
                        held.getValue().stream().mapToLong(HeldChange::bytes).sum()))
                .map(Map.Entry::getKey)
                .orElse(null);
    }

    /// All changes of the table that are held, the oldest first, as a copy.
    public synchronized List<HeldChange> all(TableId table) {
        Deque<HeldChange> held = tables.get(table);
        return held == null ? List.of() : new ArrayList<>(held);
    }

    /// Up to where a subscription to these tables may get changes.
    long barrier(Collection<? extends Target> targets) {
        if (empty) {
            return Long.MAX_VALUE;
        }
        synchronized (this) {
            long barrier = Long.MAX_VALUE;
            for (Map.Entry<TableId, Deque<HeldChange>> held : tables.entrySet()) {
                if (targets.stream().anyMatch(target -> target.includes(held.getKey()))) {
                    barrier = Math.min(barrier, held.getValue().getFirst().sequence);
                }
            }
            return barrier;
        }
    }
}
