package dev.walcast.cdc;

/// The reason why a [Row] has no value for a column.
public enum MissingReason {
    /// An UPDATE left a large value unchanged, and Postgres does not write it again.
    UNCHANGED_TOAST("unchanged_toast"),
    /// The row is an old row, and the replica identity does not include the column.
    NOT_IN_IDENTITY("not_in_replica_identity"),
    /// Postgres generates the column and does not publish it.
    GENERATED("generated_column_not_published"),
    /// The value cannot be rendered exactly: it is no text in the database's encoding, or `to_jsonb` would fail
    /// for it.
    NOT_EXACT("not_exact");

    private final String code;

    MissingReason(String code) {
        this.code = code;
    }

    /// Returns the name of the reason in a change's `missing` object.
    public String code() {
        return code;
    }
}
