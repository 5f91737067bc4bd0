package dev.walcast.filters.index;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;

/// Which tables a subscription listens to.
public sealed interface Target {
    record OneTable(TableId table) implements Target {
        public OneTable {
            requireNonNull(table, "table is null");
        }
    }

    /// Every table of a schema, those created later included.
    record OneSchema(String schema) implements Target {
        public OneSchema {
            requireNonNull(schema, "schema is null");
        }
    }

    /// Tables of this name in every schema.
    record AnySchema(String table) implements Target {
        public AnySchema {
            requireNonNull(table, "table is null");
        }
    }

    record AllTables() implements Target {}

    default boolean includes(TableId table) {
        return switch (this) {
            case OneTable one -> one.table().equals(table);
            case OneSchema one -> one.schema().equals(table.schema());
            case AnySchema any -> any.table().equals(table.name());
            case AllTables _ -> true;
        };
    }
}
