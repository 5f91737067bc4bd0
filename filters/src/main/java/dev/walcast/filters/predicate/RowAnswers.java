package dev.walcast.filters.predicate;

import dev.walcast.cdc.Row;

/// What Postgres has said so far about questions and rows.
@FunctionalInterface
public interface RowAnswers {
    /// Nothing was asked yet.
    RowAnswers NONE = (_, _) -> Truth.UNDECIDED;

    /// [Truth#UNDECIDED] when this was not asked.
    Truth of(RowQuestion question, Row row);
}
