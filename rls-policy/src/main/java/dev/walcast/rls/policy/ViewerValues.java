package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The values that Postgres computed for one viewer, by expression.
public record ViewerValues(Map<String, Value> values) {
    public ViewerValues {
        values = Map.copyOf(values);
    }

    /// The value of one expression, or the error that it raised.
    ///
    /// @param text  the output text; null for NULL and for an error
    /// @param type  its type as Postgres names it; empty for an error
    /// @param error the SQLSTATE of the error; null when there was none
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
