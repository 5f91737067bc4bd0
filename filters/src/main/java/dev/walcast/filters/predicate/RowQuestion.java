package dev.walcast.filters.predicate;

/// A question to Postgres about a row, for when memory cannot decide. Predicates do not look into it. Two
/// questions are equal when every row has the same answer to both.
public interface RowQuestion {}
