package dev.walcast.cdc;

/// Why a [Row] does not hold a column's value.
public enum MissingReason {
    /// An UPDATE left a large value alone, and Postgres does not write it again.
    UNCHANGED_TOAST("unchanged_toast"),
    /// The old row of a table whose replica identity does not include the column.
    NOT_IN_IDENTITY("not_in_replica_identity"),
    /// Postgres computes the column and does not publish it.
    GENERATED("generated_column_not_published"),
    /// The value cannot be had exactly for another reason: no text in the database's encoding, or
    /// nothing that `to_jsonb` would print.
    NOT_EXACT("not_exact");

    private final String code;

    MissingReason(String code) {
        this.code = code;
    }

    /// The reason as clients see it in a change's `missing` object.
    public String code() {
        return code;
    }
}
