package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A row of a change. Each column has the text that its type's output function prints (TimeZone UTC, DateStyle
/// ISO, IntervalStyle postgres, bytea as hex), or SQL NULL, or the reason why its value is missing.
///
/// Immutable.
public final class Row {
    private final Table table;
    /// A String, null for SQL NULL, or a [MissingReason]. One array instead of two keeps a row small.
    private final @Nullable Object[] cells;

    private Row(Table table, @Nullable Object[] cells) {
        this.table = table;
        this.cells = cells;
    }

    public static Builder of(Table table) {
        return new Builder(table);
    }

    public Table table() {
        return table;
    }

    public boolean isNull(int column) {
        return cells[column] == null;
    }

    /// Returns the reason why the column has no value; null when it has one or is SQL NULL.
    public @Nullable MissingReason missing(int column) {
        return cells[column] instanceof MissingReason missing ? missing : null;
    }

    /// Returns the column's text; null for SQL NULL and for a missing value. See [#missing(int)] for the
    /// difference.
    public @Nullable String text(int column) {
        return cells[column] instanceof String text ? text : null;
    }

    /// Returns this row with the values that an UPDATE left unchanged, as far as the old row has them.
    Row completedFrom(@Nullable Row old) {
        if (old == null || old.table != table) {
            return this;
        }
        @Nullable Object[] completed = null;
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] == MissingReason.UNCHANGED_TOAST && !(old.cells[i] instanceof MissingReason)) {
                completed = completed == null ? cells.clone() : completed;
                completed[i] = old.cells[i];
            }
        }
        return completed == null ? this : new Row(table, completed);
    }

    /// Returns this row with the columns of the replica identity only; all others are
    /// [MissingReason#NOT_IN_IDENTITY]. This is the old row of an UPDATE that left the identity unchanged.
    public Row identityOnly() {
        @Nullable Object[] identity = cells.clone();
        for (int i = 0; i < identity.length; i++) {
            if (!table.columns().get(i).identity()) {
                identity[i] = MissingReason.NOT_IN_IDENTITY;
            }
        }
        return new Row(table, identity);
    }

    /// Returns the columns whose values are missing, in table order.
    public List<Column> missingColumns() {
        List<Column> columns = new ArrayList<>();
        for (int i = 0; i < cells.length; i++) {
            if (cells[i] instanceof MissingReason) {
                columns.add(table.columns().get(i));
            }
        }
        return columns;
    }

    /// Returns an estimate of its size in memory, in bytes.
    public long bytes() {
        long bytes = 32 + 4L * cells.length;
        for (Object cell : cells) {
            if (cell instanceof String text) {
                bytes += 48 + text.length();
            }
        }
        return bytes;
    }

    @Override
    public String toString() {
        StringBuilder out = new StringBuilder("{");
        for (int i = 0; i < cells.length; i++) {
            out.append(i == 0 ? "" : ", ")
                    .append(table.columns().get(i).name())
                    .append(": ")
                    .append(cells[i]);
        }
        return out.append('}').toString();
    }

    /// Builds a row. A column that is not set is SQL NULL.
    public static final class Builder {
        private final Table table;
        private final @Nullable Object[] cells;

        private Builder(Table table) {
            this.table = requireNonNull(table, "table is null");
            this.cells = new @Nullable Object[table.columns().size()];
        }

        public Builder text(int column, @Nullable String text) {
            cells[column] = text;
            return this;
        }

        public Builder missing(int column, MissingReason reason) {
            cells[column] = requireNonNull(reason, "reason is null");
            return this;
        }

        /// Returns the row. The builder must not be used afterwards.
        public Row build() {
            return new Row(table, cells);
        }
    }
}
