package dev.walcast.filters;

import dev.walcast.cdc.Row;

/// What Postgres has said so far about questions and rows.
@FunctionalInterface
public interface Answers {
    /// Nothing was asked yet.
    Answers NONE = (_, _) -> Truth.UNDECIDED;

    /// [Truth#UNDECIDED] when this was not asked.
    Truth of(Question question, Row row);
}
