package dev.walcast.server.rowkeys;

import dev.walcast.cdc.Change;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The keys of the row that a change is about.
///
/// @param before the key before the change; null when there was no row or it had no key
/// @param after  the key after the change; null when there is no row any more or it has no key
public record TouchedRow(@Nullable RowKey before, @Nullable RowKey after) {
    /// For a change that is not about a single row, and for tables whose rows are not remembered.
    public static final TouchedRow NONE = new TouchedRow(null, null);

    /// The keys of the row that the change is about.
    public static TouchedRow of(Change change, RowKeys keys) {
        return switch (change) {
            case Change.Insert insert -> new TouchedRow(null, keys.of(insert.newRow()));
            case Change.Update update -> new TouchedRow(keys.of(update.oldRow()), keys.of(update.newRow()));
            case Change.Delete delete -> new TouchedRow(keys.of(delete.oldRow()), null);
            case Change.Truncate _ -> NONE;
        };
    }

    /// Whether the row had a key and has the same now.
    public boolean hasSameKey() {
        return before != null && before.equals(after);
    }

    /// Calls the action with each key; with equal keys only once.
    public void forEach(Consumer<RowKey> action) {
        if (before != null) {
            action.accept(before);
        }
        if (after != null && !after.equals(before)) {
            action.accept(after);
        }
    }
}
