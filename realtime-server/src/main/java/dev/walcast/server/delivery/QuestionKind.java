package dev.walcast.server.delivery;

import dev.walcast.filters.predicate.Predicate;

/// What raises a subscription's questions about changes. Those of one kind wait for each other, the costlier ones for
/// no other.
public enum QuestionKind {
    /// Policies alone.
    POLICY,
    /// A client's own filter.
    FILTER,
    /// A pattern in a client's own filter.
    PATTERN;

    /// The kind of question that a filter raises.
    public static QuestionKind of(Predicate filter) {
        if (filter.mayAskOfPattern()) {
            return PATTERN;
        }
        return filter.mayAsk() ? FILTER : POLICY;
    }

    QuestionKind orCostlier(QuestionKind other) {
        return compareTo(other) < 0 ? other : this;
    }
}
