package dev.walcast.filters;

import dev.walcast.filters.FilterNode.Condition;
import dev.walcast.filters.FilterNode.Group;
import java.util.Collection;

/// Estimates how much work it is for Postgres to compile a filter's regular expressions and full-text queries.
public final class FilterCost {
    /// The limit for one filter.
    public static final double MAX = RegexCost.MAX;

    /// The limit for all filters of one subscription; Postgres needs a few seconds for it.
    public static final double OF_SUBSCRIPTION_MAX = 4 * MAX;

    /// The cost of the two statements that test a condition.
    private static final double OF_CONDITION = 100;

    private FilterCost() {}

    /// Returns the estimate; zero when Postgres compiles nothing.
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
