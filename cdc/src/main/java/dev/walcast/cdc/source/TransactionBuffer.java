package dev.walcast.cdc.source;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Collects the changes of the current transaction until its end. Changes beyond the memory limit go to a
/// temporary file. Used by the reader's thread only.
final class TransactionBuffer implements AutoCloseable {
    private final long memoryBytesMax;
    private final List<RowEvent> events = new ArrayList<>();
    private final Set<Table> tables = new LinkedHashSet<>();
    private final Map<TableId, SetAsideTable> setAside = new LinkedHashMap<>();
    private @Nullable Table lastTable;
    private long bytes;
    private @Nullable SpillFile spill;
    private boolean announcesRights;

    TransactionBuffer(long memoryBytesMax) {
        this.memoryBytesMax = memoryBytesMax;
    }

    @SuppressWarnings("ReferenceEquality") // tables are compared by identity
    void add(RowEvent event) {
        if (event.table() != lastTable) {
            lastTable = event.table();
            tables.add(lastTable);
        }
        if (!setAside.isEmpty()) {
            setAside.computeIfPresent(
                    lastTable.id(), (table, unread) -> new SetAsideTable(table, unread.reason(), true));
        }
        try {
            if (spill == null && bytes > memoryBytesMax) {
                spill = SpillFile.create();
            }
            if (spill != null) {
                spill.write(event);
                return;
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a large transaction cannot be kept in a temporary file", e);
        }
        events.add(event);
        bytes += event.bytes();
    }

    void announceRights() {
        announcesRights = true;
    }

    /// Records that a row of the table could not be read.
    void leaveOut(TableId table, String reason) {
        setAside.put(table, new SetAsideTable(table, reason, false));
    }

    /// Returns the transaction, which must be processed before [#clear()].
    ///
    /// @param defer what [Transaction#defer()] does
    /// @param delivered runs after each change that was delivered
    Transaction committed(Commit commit, Supplier<Runnable> defer, Runnable delivered) {
        List<Table> versions = List.copyOf(tables);
        boolean announcing = announcesRights;
        List<SetAsideTable> unread = List.copyOf(setAside.values());
        return new Transaction() {
            @Override
            public Commit commit() {
                return commit;
            }

            @Override
            public Collection<Table> tables() {
                return versions;
            }

            @Override
            public boolean announcesRights() {
                return announcing;
            }

            @Override
            public Collection<SetAsideTable> setAside() {
                return unread;
            }

            @Override
            public boolean inMemory() {
                return spill == null;
            }

            @Override
            public Runnable defer() {
                return defer.get();
            }

            @Override
            public void forEach(Consumer<Change> taker) {
                Consumer<Change> action = change -> {
                    taker.accept(change);
                    delivered.run();
                };
                long ordinal = 0;
                for (RowEvent event : events) {
                    action.accept(event.committed(commit, ordinal++));
                }
                if (spill != null) {
                    forEachSpilled(spill, commit, ordinal, action);
                }
            }
        };
    }

    private static void forEachSpilled(SpillFile spill, Commit commit, long firstOrdinal, Consumer<Change> action) {
        long[] ordinal = {firstOrdinal};
        try {
            spill.forEach(event -> action.accept(event.committed(commit, ordinal[0]++)));
        } catch (IOException e) {
            throw new UncheckedIOException("a large transaction cannot be read from its temporary file", e);
        }
    }

    void clear() {
        events.clear();
        tables.clear();
        setAside.clear();
        lastTable = null;
        bytes = 0;
        announcesRights = false;
        if (spill != null) {
            spill.close();
            spill = null;
        }
    }

    @Override
    public void close() {
        clear();
    }
}
