package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A table as it was when the change was written; one instance per version of the table, so identity comparison tells
/// whether two changes share a shape.
public final class Table {
    private final TableId id;
    private final TableId root;
    private final List<Column> columns;
    private final Map<String, Integer> indexes;

    /// A table that is no partition.
    public Table(TableId id, List<Column> columns) {
        this(id, id, columns);
    }

    /// @param root the partitioned table it belongs to in the end; itself when it is no partition
    public Table(TableId id, TableId root, List<Column> columns) {
        this.id = requireNonNull(id, "id is null");
        this.root = requireNonNull(root, "root is null");
        this.columns = List.copyOf(columns);
        this.indexes = HashMap.newHashMap(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            indexes.put(columns.get(i).name(), i);
        }
    }

    public TableId id() {
        return id;
    }

    /// The partitioned table it belongs to in the end; itself when it is no partition.
    public TableId root() {
        return root;
    }

    /// In table order; only columns that the publication sends (no generated columns by default).
    public List<Column> columns() {
        return columns;
    }

    /// The column's place in [#columns()], or -1 when the feed does not carry such a column.
    public int indexOf(String column) {
        return indexes.getOrDefault(column, -1);
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
