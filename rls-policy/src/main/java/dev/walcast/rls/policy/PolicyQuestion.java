package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowQuestion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A policy's expression for one viewer, or for all viewers with the same parameters.
///
/// @param parameters what of the viewer the expression depends on, null for NULL
/// @param claims     the viewer's claims; null when the parameters are all it depends on, so that viewers can be
///                   asked for together
public record PolicyQuestion(
        PolicyExpression expression,
        List<@Nullable String> parameters,
        @Nullable String claims) implements RowQuestion {
    public PolicyQuestion {
        requireNonNull(expression, "expression is null");
        parameters = Collections.unmodifiableList(new ArrayList<>(parameters));
    }

    /// Without what is of the viewer: this ends up in logs.
    @Override
    public String toString() {
        return "PolicyQuestion[" + expression + "]";
    }
}
