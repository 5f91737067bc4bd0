package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.rls.Rights;
import dev.walcast.rls.RightsMark;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Finds the places in the log from which on a table's rights must be read anew: each reader hands over another
/// [Table] instance after Postgres has described the table again. Belongs to the source's thread.
final class LogMarks {
    /// A table that is forgotten gets a mark at its next change.
    private static final int TABLES_MAX = 10_000;

    private final Rights rights;
    private final Map<TableId, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Seen> eldest) {
            boolean over = size() > TABLES_MAX;
            if (over) {
                rights.unmark(eldest.getKey());
            }
            return over;
        }
    };

    private record Seen(Table version, RightsMark mark) {}

    LogMarks(Rights rights) {
        this.rights = requireNonNull(rights, "rights is null");
    }

    /// The mark that all changes of a table in the transaction need, by table: rights are those of the transaction's
    /// end, so its last description of a table counts for its earlier rows as well.
    @SuppressWarnings("ReferenceEquality") // another instance is the announcement
    Map<TableId, RightsMark> of(Transaction transaction) {
        Map<TableId, RightsMark> marks = new HashMap<>();
        for (Table version : transaction.tables()) {
            Seen last = seen.get(version.id());
            if (last == null || last.version != version) {
                last = new Seen(
                        version, rights.mark(version.id(), transaction.commit().xid()));
                seen.put(version.id(), last);
            }
            marks.put(version.id(), last.mark);
        }
        return marks;
    }
}
