package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A table's name as the catalog spells it: unquoted, case kept.
public record TableId(String schema, String name) {
    public TableId {
        requireNonNull(schema, "schema is null");
        requireNonNull(name, "name is null");
    }

    @Override
    public String toString() {
        return schema + "." + name;
    }
}
