package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import org.jspecify.annotations.Nullable;

/// A change whose position is not known yet. The log contains a transaction's position only at its end.
///
/// @param oldRow for UPDATE and DELETE
/// @param newRow for INSERT and UPDATE
public record RowEvent(
        Kind kind,
        Table table,
        @Nullable Row oldRow,
        @Nullable Row newRow) {
    public enum Kind {
        INSERT,
        UPDATE,
        DELETE,
        TRUNCATE
    }

    public RowEvent {
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
