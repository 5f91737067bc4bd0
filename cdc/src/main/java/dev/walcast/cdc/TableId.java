package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A table's name as in the catalog: unquoted, in its original case.
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
