package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A table as it was when the change was written.
///
/// There is one instance for each time that Postgres described the table to the reader. Postgres describes a table
/// before its first change of a connection, and again before the next change after anything about it may have changed:
/// columns, policies, row-level security, privileges, owner, or the table itself. So a change whose table is another
/// instance than that of the last change of this table is a mark: what is known about the table's rights may be out of
/// date. Postgres also repeats itself when nothing differs (ANALYZE, VACUUM).
///
/// Postgres does not tell of changed rights of a partitioned table that is published in its partitions' place
/// (`publish_via_partition_root`). Such a table is another instance in each transaction. Postgres 15 does not tell of
/// changed rights of the table's schema.
///
/// Instances are compared by identity, which is what `equals` does.
public final class Table {
    /// Of a table whose oid the reader does not know.
    public static final long UNKNOWN_OID = 0;

    private final TableId id;
    private final TableId root;
    private final long oid;
    private final List<Column> columns;
    private final Map<String, Integer> indexes;
    private final boolean isBoundToCatalog;

    /// A table that is no partition.
    public Table(TableId id, List<Column> columns) {
        this(id, id, columns);
    }

    /// @param root the partitioned table it belongs to in the end; itself when it is no partition
    public Table(TableId id, TableId root, List<Column> columns) {
        this(id, root, UNKNOWN_OID, columns);
    }

    /// @param root the partitioned table it belongs to in the end; itself when it is no partition
    /// @param oid  tells it from another table that had, or gets, the same name; see [#oid()]
    public Table(TableId id, TableId root, long oid, List<Column> columns) {
        this.id = requireNonNull(id, "id is null");
        this.root = requireNonNull(root, "root is null");
        this.oid = oid;
        this.columns = List.copyOf(columns);
        this.indexes = HashMap.newHashMap(columns.size());
        for (int i = 0; i < columns.size(); i++) {
            indexes.put(columns.get(i).name(), i);
        }
        this.isBoundToCatalog = this.columns.stream()
                .anyMatch(column -> !column.isProven() || column.type().hasFields());
    }

    private Table(Table same) {
        this.id = same.id;
        this.root = same.root;
        this.oid = same.oid;
        this.columns = same.columns;
        this.indexes = same.indexes;
        this.isBoundToCatalog = same.isBoundToCatalog;
    }

    /// Another instance of the same shape. It shares all memory with this one.
    public Table renewed() {
        return new Table(this);
    }

    /// Whether what is known of its columns has to be compared with the catalog again, because a type has fields that
    /// the log does not describe, or a column is not proven.
    public boolean isBoundToCatalog() {
        return isBoundToCatalog;
    }

    /// Whether the other one is the same table and has the same name, the same root and the same columns.
    public boolean isShapedLike(Table other) {
        return oid == other.oid && id.equals(other.id) && root.equals(other.root) && columns.equals(other.columns);
    }

    /// Whether the columns are the same, as far as their numbers are proven.
    public boolean hasColumnsOf(Table other) {
        boolean same = columns.size() == other.columns.size();
        for (int i = 0; same && i < columns.size(); i++) {
            Column one = columns.get(i);
            Column two = other.columns.get(i);
            int number = one.isProven() && two.isProven() ? one.number() : two.number();
            same = new Column(one.name(), one.type(), one.identity(), number).equals(two);
        }
        return same;
    }

    public TableId id() {
        return id;
    }

    /// The partitioned table it belongs to in the end; itself when it is no partition.
    public TableId root() {
        return root;
    }

    /// Postgres' number of the table, or [#UNKNOWN_OID].
    public long oid() {
        return oid;
    }

    /// Whether the table of this oid, to which the name belongs now, is another one.
    public boolean isOtherThan(long current) {
        return oid != UNKNOWN_OID && current != UNKNOWN_OID && oid != current;
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
