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

/// Describes what one role may do with one table, as the catalog had it at one moment.
///
/// @param oid         the table's oid; a table that was dropped and created again has another
/// @param standing    whether the server may act as the role; otherwise the role reads nothing
/// @param publishing  what the publication sends of the table; null when it does not send the table
/// @param usage       whether the server may act as the role and the role has USAGE on the table's schema
/// @param rowSecurity whether row-level security applies to this role on this table
/// @param columns     the live columns in table order, with the role's right to read each
/// @param settings    the settings with which new sessions of the role begin
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

    /// Makes the access of a usable role without settings to a table of unknown oid.
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

    /// Whether the role may read every column.
    public boolean readsEverything() {
        return usage && columns.stream().allMatch(ColumnAccess::readable);
    }

    /// One column, and whether the role may read it.
    ///
    /// @param number    `pg_attribute.attnum`: its place among the table's columns, dropped ones counted
    /// @param typeName  `pg_type.typname` of the declared type
    /// @param key       whether it belongs to the primary key
    /// @param identity  whether it belongs to the replica identity, so that a DELETE carries it
    /// @param generated whether Postgres computes it; the feed may not carry it
    /// @param virtual   whether Postgres computes it when it is read; the feed cannot carry it
    /// @param large     whether large values of it are stored outside the row (TOAST); an UPDATE that does not
    ///                  change such a value may not carry it
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
        /// Makes a column whose values are stored inside the row.
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

    /// Returns a column that the role may read; null when the column does not exist or the role may not read it.
    public @Nullable ColumnAccess readable(String name) {
        for (ColumnAccess column : columns) {
            if (column.name().equals(name)) {
                return column.readable() ? column : null;
            }
        }
        return null;
    }

    /// Returns the column that a column of the log stands for; null when there is none now, or the match is
    /// unproven.
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

    /// Whether the role may read at least one column.
    public boolean readsAnything() {
        return usage && columns.stream().anyMatch(ColumnAccess::readable);
    }

    /// Whether the table has a primary key and the role may read every column of it.
    public boolean readsWholeKey() {
        List<ColumnAccess> key = columns.stream().filter(ColumnAccess::key).toList();
        return !key.isEmpty() && key.stream().allMatch(ColumnAccess::readable);
    }

    /// Returns the type oid of each column by name. Two accesses with equal shapes resolve a filter to equal
    /// terms.
    public Map<String, Long> shape() {
        Map<String, Long> shape = new LinkedHashMap<>();
        for (ColumnAccess column : columns) {
            shape.put(column.name(), column.type().oid());
        }
        return shape;
    }
}
