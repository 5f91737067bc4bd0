package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import org.jspecify.annotations.Nullable;

/// A change whose commit is not known yet: Debezium tells it only at the transaction's end.
record RowEvent(
        Kind kind,
        Table table,
        @Nullable Row oldRow,
        @Nullable Row newRow) {
    enum Kind {
        INSERT,
        UPDATE,
        DELETE,
        TRUNCATE
    }

    RowEvent {
        requireNonNull(kind, "kind is null");
        requireNonNull(table, "table is null");
    }

    long bytes() {
        return 64 + (oldRow == null ? 0 : oldRow.bytes()) + (newRow == null ? 0 : newRow.bytes());
    }

    Change committed(Commit commit, long ordinal) {
        Position position = new Position(commit.lsn(), ordinal);
        return switch (kind) {
            case INSERT -> new Change.Insert(table, position, commit, requireNonNull(newRow));
            case UPDATE -> new Change.Update(table, position, commit, requireNonNull(oldRow), requireNonNull(newRow));
            case DELETE -> new Change.Delete(table, position, commit, requireNonNull(oldRow));
            case TRUNCATE -> new Change.Truncate(table, position, commit);
        };
    }
}
