package dev.walcast.filters.index;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// The tables that a subscription listens to.
public sealed interface Target {
    /// One table.
    record OneTable(TableId table) implements Target {
        public OneTable {
            requireNonNull(table, "table is null");
        }
    }

    /// Every table of a schema, including tables that are created later.
    record OneSchema(String schema) implements Target {
        public OneSchema {
            requireNonNull(schema, "schema is null");
        }
    }

    /// The tables of this name in every schema.
    record AnySchema(String table) implements Target {
        public AnySchema {
            requireNonNull(table, "table is null");
        }
    }

    /// Every table.
    record AllTables() implements Target {}

    /// Whether the table is among them.
    default boolean includes(TableId table) {
        return switch (this) {
            case OneTable one -> one.table().equals(table);
            case OneSchema one -> one.schema().equals(table.schema());
            case AnySchema any -> any.table().equals(table.name());
            case AllTables _ -> true;
        };
    }
}
