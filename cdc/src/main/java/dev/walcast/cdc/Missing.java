package dev.walcast.cdc;

/// Why a [Row] does not hold a column's value.
public enum Missing {
    /// An UPDATE left a large value alone, and Postgres does not write it again.
    UNCHANGED_TOAST("unchanged_toast"),
    /// The old row of a table whose replica identity does not include the column.
    NOT_IN_IDENTITY("not_in_replica_identity"),
    /// Postgres computes the column and does not publish it.
    GENERATED("generated_column_not_published"),
    /// The reader gives a `time with time zone` without its offset.
    TIMETZ_OFFSET("timetz_offset_lost_by_reader"),
    /// The reader gives `money` without its format.
    MONEY_FORMAT("money_format_lost_by_reader"),
    /// The reader gives an infinite date without its sign.
    DATE_INFINITY("date_infinity_lost_by_reader"),
    /// The reader gives an infinite interval as an empty one, so neither can be told from the other.
    INTERVAL_ZERO_OR_INFINITE("interval_zero_or_infinite"),
    /// The value cannot be had exactly for another reason, named in the log.
    NOT_EXACT("not_exact");

    private final String code;

    Missing(String code) {
        this.code = code;
    }

    /// The reason as clients see it in a change's `missing` object.
    public String code() {
        return code;
    }
}
