package dev.walcast.filters.predicate;

import dev.walcast.cdc.Row;

/// Whether a row stands in somebody's view. Other than for delivery, where all but TRUE means no, it matters here
/// whether that is known.
public enum InView {
    YES,
    NO,
    /// The feed does not carry what decides it.
    UNKNOWN,
    /// Postgres has to be asked first.
    UNDECIDED;

    public static InView of(Predicate predicate, Row row, RowAnswers answers) {
        return switch (predicate.test(row, answers)) {
            case TRUE -> YES;
            case FALSE -> NO;
            case UNDECIDED -> UNDECIDED;
            case INAPPLICABLE -> UNKNOWN;
            case UNKNOWN, FAILED -> lacks(row, predicate) ? UNKNOWN : NO;
        };
    }

    private static boolean lacks(Row row, Predicate predicate) {
        return predicate.columns().stream()
                .mapToInt(row.table()::indexOf)
                .anyMatch(index -> index < 0 || row.missing(index) != null);
    }

    /// Whether it stands in both.
    public InView and(InView other) {
        if (this == NO || other == NO) {
            return NO;
        }
        if (this == UNDECIDED || other == UNDECIDED) {
            return UNDECIDED;
        }
        return this == UNKNOWN ? this : other;
    }
}
