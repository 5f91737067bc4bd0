package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The tables that the reader leaves out for now, and when their subscriptions are told of it. Written by the source's
/// thread but for [#retain]; read by any.
public final class SetAsideTables {
    private static final Logger log = LoggerFactory.getLogger(SetAsideTables.class);

    /// A busy table's subscriptions are not told of each of its transactions.
    private static final Duration TELL_EVERY = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private final Set<TableId> tables = ConcurrentHashMap.newKeySet();
    private final LongAdder count = new LongAdder();

    /// When the subscriptions of a table were told last. Belongs to the source's thread.
    private final Map<TableId, Long> told = new HashMap<>();

    /// @param nanoTime a clock that never goes back
    public SetAsideTables(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// Whose subscriptions have to be told that changes are missing.
    ///
    /// @param before the transaction's changes: the table is read again from here on
    /// @param after  the transaction's changes
    public record News(Set<TableId> before, Set<TableId> after) {
        static final News NONE = new News(Set.of(), Set.of());
    }

    /// Takes note of what a transaction left out, and of the tables that were read again.
    public News note(Transaction transaction) {
        if (transaction.setAside().isEmpty() && tables.isEmpty()) {
            return News.NONE;
        }
        Set<TableId> before = new HashSet<>();
        Set<TableId> after = new HashSet<>();
        for (SetAsideTable unread : transaction.setAside()) {
            leaveOut(unread, after);
        }
        for (Table read : transaction.tables()) {
            boolean isUnread = transaction.setAside().stream()
                    .anyMatch(unread -> unread.table().equals(read.id()));
            if (!isUnread && tables.contains(read.id())) {
                readAgain(read.id());
                before.add(read.id());
            }
        }
        return new News(before, after);
    }

    private void leaveOut(SetAsideTable unread, Set<TableId> after) {
        TableId table = unread.table();
        long now = nanoTime.getAsLong();
        if (tables.add(table)) {
            count.increment();
            log.warn("The table {} is set aside: {}. All other tables go on", table, unread.reason());
            told.remove(table);
        }
        if (unread.isReadAgain()) {
            readAgain(table);
            after.add(table);
            return;
        }
        Long last = told.get(table);
        if (last == null || now - last >= TELL_EVERY.toNanos()) {
            told.put(table, now);
            after.add(table);
        }
    }

    private void readAgain(TableId table) {
        tables.remove(table);
        told.remove(table);
        log.info("The table {} is read again", table);
    }

    /// Whether no table is left out.
    public int size() {
        return tables.size();
    }

    public boolean isEmpty() {
        return tables.isEmpty();
    }

    boolean contains(TableId table) {
        return tables.contains(table);
    }

    /// A copy.
    Set<TableId> tables() {
        return Set.copyOf(tables);
    }

    /// Forgets all tables but these: what is dropped, or published no more, is not missed.
    public void retain(Set<TableId> published) {
        tables.removeIf(table -> !published.contains(table) && !table.schema().isEmpty());
    }

    /// How often a table was set aside.
    public long count() {
        return count.sum();
    }
}
