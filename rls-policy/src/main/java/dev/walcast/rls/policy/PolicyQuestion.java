package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowQuestion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A question about a policy, for one viewer or for all viewers with the same parameters.
///
/// @param parameters the values of the viewer that the expression reads; null for NULL
/// @param claims     the viewer's claims; null when the expression reads parameters only, so that one statement can
///                   ask for many viewers
public record PolicyQuestion(
        PolicyExpression expression,
        List<@Nullable String> parameters,
        @Nullable String claims) implements RowQuestion {
    public PolicyQuestion {
        requireNonNull(expression, "expression is null");
        parameters = Collections.unmodifiableList(new ArrayList<>(parameters));
    }

    /// Omits the values of the viewer, because logs must not contain them.
    @Override
    public String toString() {
        return "PolicyQuestion[" + expression + "]";
    }
}
