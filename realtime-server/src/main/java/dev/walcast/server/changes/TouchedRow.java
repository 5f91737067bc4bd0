package dev.walcast.server.changes;

import dev.walcast.cdc.Change;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The keys of the row that a change is about.
///
/// @param before the key that the row had; null when there was no row, or it has no key
/// @param after  the key that the row has now; null when there is no row any more, or it has no key
record TouchedRow(@Nullable RowKey before, @Nullable RowKey after) {
    static final TouchedRow NONE = new TouchedRow(null, null);

    static TouchedRow of(Change change, RowKeys keys) {
        return switch (change) {
            case Change.Insert insert -> new TouchedRow(null, keys.of(insert.newRow()));
            case Change.Update update -> new TouchedRow(keys.of(update.oldRow()), keys.of(update.newRow()));
            case Change.Delete delete -> new TouchedRow(keys.of(delete.oldRow()), null);
            case Change.Truncate _ -> NONE;
        };
    }

    boolean hasSameKey() {
        return before != null && before.equals(after);
    }

    void forEach(Consumer<RowKey> action) {
        if (before != null) {
            action.accept(before);
        }
        if (after != null && !after.equals(before)) {
            action.accept(after);
        }
    }
}
