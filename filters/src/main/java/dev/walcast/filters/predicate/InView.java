package dev.walcast.filters.predicate;

import dev.walcast.cdc.Row;

/// Whether a row belongs to a client's view. Delivery needs only TRUE or not TRUE; membership also needs to
/// know whether the answer is certain.
public enum InView {
    YES,
    NO,
    /// The change does not carry a value that decides it.
    UNKNOWN,
    /// Postgres must be asked first.
    UNDECIDED;

    /// Evaluates a predicate for a row.
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

    /// Combines the results of two predicates that must both be true.
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
