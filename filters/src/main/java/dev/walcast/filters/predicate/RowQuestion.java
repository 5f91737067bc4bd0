package dev.walcast.filters.predicate;

/// What Postgres is asked about a row when memory cannot say: opaque to the predicate that carries it. Two questions
/// are equal when every row has the same answer to both.
public interface RowQuestion {}
