package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A column as it was when the change was written.
///
/// @param identity whether it belongs to the table's replica identity, so that a DELETE carries it
public record Column(String name, PgType type, boolean identity) {
    public Column {
        requireNonNull(name, "name is null");
        requireNonNull(type, "type is null");
    }
}
