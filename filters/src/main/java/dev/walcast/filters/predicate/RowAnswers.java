package dev.walcast.filters.predicate;

import dev.walcast.cdc.Row;

/// Looks up what Postgres has answered about rows.
@FunctionalInterface
public interface RowAnswers {
    /// Holds no answer.
    RowAnswers NONE = (_, _) -> Truth.UNDECIDED;

    /// Returns the answer to a question about a row; [Truth#UNDECIDED] when there is none.
    Truth of(RowQuestion question, Row row);
}
