package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsMark;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Finds the places in the log from which on rights must be read anew: those of a table, when the reader hands over
/// another [Table] instance, after Postgres has described the table again; those of all tables, when a transaction says
/// that it changes rights. Belongs to the source's thread.
final class LogMarks {
    /// A table that is forgotten gets a mark at its next change.
    private static final int TABLES_MAX = 10_000;

    private final Rights rights;

    /// The last description of each table.
    private final Map<TableId, Table> seen = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Table> eldest) {
            boolean over = size() > TABLES_MAX;
            if (over) {
                rights.unmark(eldest.getKey());
            }
            return over;
        }
    };

    LogMarks(Rights rights) {
        this.rights = requireNonNull(rights, "rights is null");
    }

    /// The mark that all changes of a table in the transaction need, by table: rights are those of the transaction's
    /// end, so its last description of a table counts for its earlier rows as well.
    @SuppressWarnings("ReferenceEquality") // another instance is the announcement
    Map<TableId, RightsMark> of(Transaction transaction) {
        if (transaction.announcesRights()) {
            rights.markAll(transaction.commit().xid());
        }
        Map<TableId, RightsMark> marks = new HashMap<>();
        for (Table version : transaction.tables()) {
            TableId table = version.id();
            boolean isKnown = seen.put(table, version) == version;
            marks.put(
                    table,
                    isKnown
                            ? rights.latest(table)
                            : rights.mark(table, transaction.commit().xid()));
        }
        return marks;
    }
}
