package dev.walcast.filters;

import dev.walcast.filters.FilterNode.Condition;
import dev.walcast.filters.FilterNode.Group;
import java.util.Collection;

/// What a filter costs Postgres before it is asked about any row: its regular expressions and full-text queries are
/// compiled.
public final class FilterCost {
    /// Of all that one filter compiles.
    public static final double MAX = RegexCost.MAX;

    /// Of all filters of one subscription: some seconds at most.
    public static final double OF_SUBSCRIPTION_MAX = 4 * MAX;

    /// Of the two statements that try a condition.
    private static final double OF_CONDITION = 100;

    private FilterCost() {}

    /// Zero when Postgres compiles nothing for it.
    public static double of(Collection<FilterNode> filter) {
        double sum = 0;
        for (FilterNode node : filter) {
            sum += switch (node) {
                case Condition condition -> of(condition);
                case Group group -> of(group.nodes());
            };
        }
        return sum;
    }

    private static double of(Condition condition) {
        Operator operator = condition.operator();
        if (!operator.isCompiled()) {
            return 0;
        }
        return OF_CONDITION + (operator.isFullText() ? condition.value().length() : RegexCost.of(condition.value()));
    }
}
