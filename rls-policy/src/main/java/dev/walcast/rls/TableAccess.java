package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.values.ColumnType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What one role may do with one table, as the catalog had it at one moment.
///
/// @param oid         the table's; a table that was dropped and created again has another
/// @param standing    whether the role may be used at all; one that may not be reads nothing
/// @param publishing  what the publication sends of the table; null when it sends nothing
/// @param usage       whether the role may be used and has USAGE on the table's schema
/// @param rowSecurity whether row-level security applies to this role on this table
/// @param columns     the live columns in table order, with the role's right to read each
/// @param settings    those that the role's fresh sessions begin with
public record TableAccess(
        TableId table,
        long oid,
        RoleStanding standing,
        @Nullable TablePublication publishing,
        boolean usage,
        boolean rowSecurity,
        List<ColumnAccess> columns,
        SessionSettings settings) {
    public TableAccess {
        requireNonNull(table, "table is null");
        requireNonNull(standing, "standing is null");
        columns = List.copyOf(columns);
        requireNonNull(settings, "settings is null");
    }

    /// Of a role without settings that may be used, on a table whose oid is not known.
    public TableAccess(
            TableId table, boolean published, boolean usage, boolean rowSecurity, List<ColumnAccess> columns) {
        this(
                table,
                0,
                RoleStanding.USABLE,
                published ? TablePublication.EVERYTHING : null,
                usage,
                rowSecurity,
                columns,
                SessionSettings.NONE);
    }

    /// Whether the publication sends changes of the table.
    public boolean published() {
        return publishing != null;
    }

    /// Whether changes hold the column; false when the publication does not send the table.
    public boolean carries(ColumnAccess column) {
        return publishing != null && publishing.carries(column);
    }

    /// Whether the role may read all of the table.
    public boolean readsEverything() {
        return usage && columns.stream().allMatch(ColumnAccess::readable);
    }

    /// @param typeName  `pg_type.typname` of the declared type
    /// @param number    its place among the table's columns, dropped ones counted
    /// @param key       whether it belongs to the primary key
    /// @param identity  whether the replica identity has it, so that a DELETE carries it
    /// @param generated whether Postgres computes it, in which case the feed may not carry it
    /// @param virtual   whether Postgres computes it when it is read, so that the feed cannot carry it
    /// @param large     whether a large value of it is stored apart, so that an UPDATE that leaves it alone may not
    ///                  carry it
    public record ColumnAccess(
            String name,
            int number,
            boolean readable,
            ColumnType type,
            String typeName,
            boolean key,
            boolean identity,
            boolean generated,
            boolean virtual,
            boolean large) {
        /// Of a column whose values are stored with the row.
        public ColumnAccess(
                String name,
                int number,
                boolean readable,
                ColumnType type,
                String typeName,
                boolean key,
                boolean identity,
                boolean generated) {
            this(name, number, readable, type, typeName, key, identity, generated, false, false);
        }

        public ColumnAccess {
            requireNonNull(name, "name is null");
            requireNonNull(type, "type is null");
            requireNonNull(typeName, "typeName is null");
        }
    }

    /// A column that the role may read; null when there is none of that name or it may not, which look the same.
    public @Nullable ColumnAccess readable(String name) {
        for (ColumnAccess column : columns) {
            if (column.name().equals(name)) {
                return column.readable() ? column : null;
            }
        }
        return null;
    }

    /// The column that a column of the log is; null when it is none of today's, or that is not proven.
    public @Nullable ColumnAccess of(Column column) {
        for (ColumnAccess access : columns) {
            if (column.number() == Column.BY_NAME
                    ? access.name().equals(column.name())
                    : access.number() == column.number()) {
                return access;
            }
        }
        return null;
    }

    public boolean readsAnything() {
        return usage && columns.stream().anyMatch(ColumnAccess::readable);
    }

    /// Whether there is a primary key and the role may read all of it.
    public boolean readsWholeKey() {
        List<ColumnAccess> key = columns.stream().filter(ColumnAccess::key).toList();
        return !key.isEmpty() && key.stream().allMatch(ColumnAccess::readable);
    }

    /// Column name → type oid: two accesses with equal shapes resolve a filter to the same terms.
    public Map<String, Long> shape() {
        Map<String, Long> shape = new LinkedHashMap<>();
        for (ColumnAccess column : columns) {
            shape.put(column.name(), column.type().oid());
        }
        return shape;
    }
}
