package dev.walcast.server.delivery;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.rowkeys.KeyMemory;
import dev.walcast.server.rowkeys.KnownKeys;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.rowkeys.RowKeys;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Which bindings know which rows, so that they can be told DELETEs that carry only the key. One for a feed.
/// Follows the log: the rows of a table are forgotten when it was truncated, or is another one, or has another
/// replica identity.
///
/// Never calls a subscription under a lock. Safe for any thread, but for [#passing].
public final class KnownRows {
    /// A table that is followed no more forgets its rows.
    private static final int TABLES_MAX = 10_000;

    private final KnownKeys<KeyedBinding> keys;

    /// How many bindings remember rows, by table.
    private final Map<TableId, Integer> remembering = new ConcurrentHashMap<>();

    /// The last of each table. Belongs to the source's thread.
    private final Map<TableId, Passing> passing = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Passing> eldest) {
            boolean tooMany = size() > TABLES_MAX;
            if (tooMany) {
                keys.forgetTable(eldest.getKey());
            }
            return tooMany;
        }
    };

    private record Passing(Table version, RowKeys keys) {}

    /// @param memory   0 turns it off
    /// @param nanoTime a monotonic clock
    public KnownRows(KeyMemory memory, LongSupplier nanoTime) {
        this.keys = new KnownKeys<>(memory, new SecureRandom(), nanoTime);
    }

    /// Whether rows are remembered at all.
    public boolean isOn() {
        return keys.isOn();
    }

    /// Makes the keys of a change's rows. To be called for every change in the order of the log, by the source's
    /// thread, before the change is offered to anyone.
    ///
    /// @return null when nothing is ever remembered
    public @Nullable RowKeys passing(Change change) {
        if (!isOn()) {
            return null;
        }
        Table version = change.table();
        Passing last = passing.get(version.id());
        if (change instanceof Change.Truncate || (last != null && isAnother(version, last.version))) {
            keys.forgetTable(version.id());
        }
        if (last == null || !keys.isCurrent(last.keys)) {
            last = new Passing(version, keys.keysOf(version.id()));
            passing.put(version.id(), last);
        } else if (isNew(version, last.version)) {
            last = new Passing(version, last.keys);
            passing.put(version.id(), last);
        }
        return last.keys;
    }

    @SuppressWarnings("ReferenceEquality") // a version is only itself
    private static boolean isNew(Table version, Table last) {
        return version != last;
    }

    private static boolean isAnother(Table version, Table last) {
        return isNew(version, last)
                && (version.isOtherThan(last.oid()) || !identity(version).equals(identity(last)));
    }

    private static List<Column> identity(Table table) {
        return table.columns().stream().filter(Column::identity).toList();
    }

    /// Makes the keys of rows that are to be read. To be called before their moment.
    ///
    /// @return null when no binding remembers rows of the table
    public @Nullable RowKeys reading(TableId table) {
        return concerns(table) ? keys.keysOf(table) : null;
    }

    /// Whether a binding remembers rows of the table.
    public boolean concerns(TableId table) {
        return !remembering.isEmpty() && remembering.containsKey(table);
    }

    /// Names the bindings that know the row.
    public void forEachKnowing(RowKey key, Consumer<KeyedBinding> action) {
        keys.forEachKnowing(key, action);
    }

    /// Changes of the table are missing: what became of its rows is not known.
    public void forgetTable(TableId table) {
        keys.forgetTable(table);
    }

    /// A memory that knows nothing. To be closed.
    ///
    /// @param client whose share of the memory it takes
    RowMemory open(KeyedBinding binding, ClientKey client, RowView view) {
        remembering.merge(view.table(), 1, Integer::sum);
        return new RowMemory(view, keys.holder(binding, client));
    }

    /// To be called once for each memory.
    void close(RowMemory memory) {
        memory.holder().close();
        remembering.computeIfPresent(memory.view().table(), (_, count) -> count == 1 ? null : count - 1);
    }

    /// How much memory the keys take.
    public long bytes() {
        return keys.bytes();
    }

    /// How often a binding had to forget all it knew.
    public long evictions() {
        return keys.evictions();
    }
}
