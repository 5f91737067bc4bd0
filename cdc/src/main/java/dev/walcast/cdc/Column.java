package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// A column as it was when the change was written.
///
/// @param identity whether it belongs to the table's replica identity, so that a DELETE carries it
/// @param number   `pg_attribute.attnum`, which stays with the column when its name changes; or [#UNPROVEN], or
///                 [#BY_NAME]
public record Column(String name, PgType type, boolean identity, int number) {
    /// The number of a column that the reader could not identify in the catalog with certainty.
    public static final int UNPROVEN = 0;

    /// The number of a column that is identified by its name alone, because it was read from the catalog of the
    /// same moment.
    public static final int BY_NAME = -1;

    public Column {
        requireNonNull(name, "name is null");
        requireNonNull(type, "type is null");
    }

    /// Creates a column that is identified by its name alone.
    public Column(String name, PgType type, boolean identity) {
        this(name, type, identity, BY_NAME);
    }

    /// Whether the column was identified in the catalog.
    public boolean isProven() {
        return number != UNPROVEN;
    }
}
