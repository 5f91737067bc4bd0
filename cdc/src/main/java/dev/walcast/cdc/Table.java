package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A table as it was when the change was written.
///
/// There is one instance for each description of the table that Postgres sent to the reader. Postgres describes
/// a table before its first change of a connection, and again before the next change after anything about it
/// may have changed: columns, policies, row-level security, privileges, owner, or the table itself. So when a
/// change has another instance than the table's last change, what is known about the table's rights may be out
/// of date. Postgres also repeats a description when nothing differs (ANALYZE, VACUUM).
///
/// Postgres does not report changed rights of a partitioned table that is published in place of its partitions
/// (`publish_via_partition_root`). Such a table has another instance in each transaction. Postgres 15 does not
/// report changed rights of the table's schema.
///
/// `equals` compares instances by identity.
public final class Table {
    /// The oid of a table whose oid the reader does not know.
    public static final long UNKNOWN_OID = 0;

    private final TableId id;
    private final TableId root;
    private final long oid;
    private final List<Column> columns;
    private final Map<String, Integer> indexes;
    private final boolean isBoundToCatalog;

    /// Creates a table that is no partition.
    public Table(TableId id, List<Column> columns) {
        this(id, id, columns);
    }

    /// @param root the partitioned table at the root of its partition tree; itself when it is no partition
    public Table(TableId id, TableId root, List<Column> columns) {
        this(id, root, UNKNOWN_OID, columns);
    }

    /// @param root the partitioned table at the root of its partition tree; itself when it is no partition
    /// @param oid  distinguishes it from another table that had, or gets, the same name; see [#oid()]
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

    /// Returns another instance with the same columns, which shares all memory with this one.
    public Table renewed() {
        return new Table(this);
    }

    /// Whether its columns must be compared with the catalog again: a type has fields that the log does not
    /// describe, or a column is not proven.
    public boolean isBoundToCatalog() {
        return isBoundToCatalog;
    }

    /// Whether the other instance is the same table with the same name, root and columns.
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

    /// Returns the root of its partition tree; the table itself when it is no partition.
    public TableId root() {
        return root;
    }

    /// Returns the table's oid, or [#UNKNOWN_OID].
    public long oid() {
        return oid;
    }

    /// Whether the table with this oid, which has the name now, is another table.
    public boolean isOtherThan(long current) {
        return oid != UNKNOWN_OID && current != UNKNOWN_OID && oid != current;
    }

    /// Returns the columns in table order. Only columns that the publication sends; by default no generated
    /// columns.
    public List<Column> columns() {
        return columns;
    }

    /// Returns the column's index in [#columns()], or -1 when changes do not carry such a column.
    public int indexOf(String column) {
        return indexes.getOrDefault(column, -1);
    }

    @Override
    public String toString() {
        return id.toString();
    }
}
