package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What Postgres made of the expressions that depend on one viewer alone.
public record ViewerValues(Map<String, Value> values) {
    public ViewerValues {
        values = Map.copyOf(values);
    }

    /// @param text  the output text; null for NULL and for an error
    /// @param type  its type as Postgres names it; empty for an error
    /// @param error the SQLSTATE when evaluating it fails; null otherwise
    public record Value(
            @Nullable String text, String type, @Nullable String error) {
        public Value {
            requireNonNull(type, "type is null");
        }
    }

    Value of(String expression) {
        return requireNonNull(values.get(expression), "not asked for");
    }
}
