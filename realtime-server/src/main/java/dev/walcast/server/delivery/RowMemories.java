package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.rowkeys.TouchedRow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// Which rows the bindings of one subscription know, as far as their DELETEs would be hidden otherwise. Written
/// under the subscription's lock; any thread may ask.
public final class RowMemories {
    private final ChangeSubscription subscription;
    private final KnownRows known;
    private volatile Map<Integer, RowMemory> memories = Map.of();

    /// How many changes that wait would make a row of this key known. Guarded by the subscription's lock.
    private final Map<RowKey, Integer> expected = new HashMap<>();

    RowMemories(ChangeSubscription subscription, KnownRows known) {
        this.subscription = requireNonNull(subscription, "subscription is null");
        this.known = requireNonNull(known, "known is null");
    }

    /// Keeps what bindings know whose view is the same as before. The others begin with nothing.
    void follow(Resolution fresh) {
        Map<Integer, RowMemory> former = memories;
        Map<Integer, RowMemory> next = new HashMap<>();
        ClientKey client = subscription.client(fresh.viewer());
        for (Entry<Bound> entry : fresh.entries()) {
            int id = entry.subscriber().bindingId();
            entry.subscriber().view().ifPresent(view -> {
                RowMemory kept = former.get(id);
                boolean same = kept != null && kept.view().equals(view);
                next.put(
                        id, same ? requireNonNull(kept) : known.open(new KeyedBinding(subscription, id), client, view));
            });
        }
        former.forEach((id, memory) -> {
            if (!memory.equals(next.get(id))) {
                known.close(memory);
            }
        });
        memories = Map.copyOf(next);
    }

    boolean isEmpty() {
        return memories.isEmpty();
    }

    /// Whether a binding remembers rows of the table.
    public boolean concern(TableId table) {
        return memories.values().stream()
                .anyMatch(memory -> memory.view().table().equals(table));
    }

    /// Null when the binding remembers no rows of this table.
    @Nullable
    RowMemory of(int bindingId, Table table) {
        RowMemory memory = memories.get(bindingId);
        return memory != null && memory.view().isOf(table) ? memory : null;
    }

    /// Whether the client has the row that the change is about.
    private boolean know(Encodings encodings) {
        TouchedRow row = encodings.touched();
        for (RowMemory memory : memories.values()) {
            if (memory.view().table().equals(encodings.change().table().id()) && memory.knows(row)) {
                return true;
            }
        }
        return false;
    }

    /// Whether the client has the row that the change is about, or may get it by a change that waits. Under the lock.
    boolean mayKnow(Encodings encodings) {
        TouchedRow row = encodings.touched();
        return expected.containsKey(row.before()) || expected.containsKey(row.after()) || know(encodings);
    }

    /// Adds the bindings that know the row to what the index found.
    public void addKnowing(
            List<Candidate> own, Resolution resolution, Encodings encodings, BiPredicate<Bound, Position> wants) {
        if (memories.isEmpty() || !known.concerns(encodings.change().table().id())) {
            return;
        }
        for (RowMemory memory : memories.values()) {
            if (memory.knows(encodings.touched())) {
                Candidate.add(own, resolution, memory.bindingId(), encodings.change(), wants);
            }
        }
    }

    /// Adds all bindings that remember rows of the table.
    public void addAll(
            List<Candidate> own, Resolution resolution, Encodings encodings, BiPredicate<Bound, Position> wants) {
        for (RowMemory memory : memories.values()) {
            if (memory.view().table().equals(encodings.change().table().id())) {
                Candidate.add(own, resolution, memory.bindingId(), encodings.change(), wants);
            }
        }
    }

    /// The change begins to wait. Under the lock.
    ///
    /// @return to be given to [#unexpect]
    @Nullable
    RowKey expect(Encodings encodings) {
        boolean concerned =
                !subscription.isSettled() || concern(encodings.change().table().id());
        RowKey key = concerned ? encodings.touched().after() : null;
        if (key != null) {
            expected.merge(key, 1, Integer::sum);
        }
        return key;
    }

    /// The change does not wait any more. Under the lock.
    void unexpect(@Nullable RowKey key) {
        if (key != null) {
            expected.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    /// Rows were handed to the client at its beginning. Under the lock.
    ///
    /// @param view as which they were read
    public void remember(int bindingId, Optional<RowView> view, List<RowKey> keys) {
        RowMemory memory = memories.get(bindingId);
        if (memory != null && view.filter(memory.view()::equals).isPresent()) {
            memory.remember(keys);
        }
    }

    /// A change was withheld: what became of its row is not known.
    void forget(Encodings encodings) {
        if (!memories.isEmpty()) {
            memories.values().forEach(memory -> memory.forget(encodings.touched()));
        }
    }

    /// The binding begins anew.
    void forget(int bindingId) {
        RowMemory memory = memories.get(bindingId);
        if (memory != null) {
            memory.holder().clear();
        }
    }

    /// Changes are missing: what became of the rows is not known.
    void forgetAll() {
        memories.values().forEach(memory -> memory.holder().clear());
    }
}
