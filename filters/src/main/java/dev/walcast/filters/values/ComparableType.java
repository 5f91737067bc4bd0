package dev.walcast.filters.values;

import java.util.Comparator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How values of a type compare in memory: from output text to a key such that keys are equal exactly when Postgres'
/// `=` says so, and ordered as its `<` does.
///
/// Made by [ComparableTypes]; held against Postgres by `FilterVectorsPgTest` and `FilterFuzzPgTest`.
public final class ComparableType {
    private final String name;
    private final Function<String, @Nullable Object> key;
    private final @Nullable Comparator<Object> order;
    private final boolean total;

    private ComparableType(
            String name, Function<String, @Nullable Object> key, @Nullable Comparator<Object> order, boolean total) {
        this.name = name;
        this.key = key;
        this.order = order;
        this.total = total;
    }

    /// Keys in their natural order.
    static ComparableType natural(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, ComparableType::naturally, true);
    }

    /// @param total whether every text that Postgres prints has a key
    static ComparableType ordered(
            String name, Function<String, @Nullable Object> key, Comparator<Object> order, boolean total) {
        return new ComparableType(name, key, order, total);
    }

    static ComparableType unordered(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, null, true);
    }

    static ComparableType unorderedPartly(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, null, false);
    }

    /// Keys of one kind are of one class that compares with itself.
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static int naturally(Object one, Object other) {
        return ((Comparable) one).compareTo(other);
    }

    /// The key of a value; null when this one has to be asked of Postgres.
    public @Nullable Object keyOf(String text) {
        return key.apply(text);
    }

    public boolean isOrdered() {
        return order != null;
    }

    /// Whether every text that Postgres prints has a key.
    public boolean isTotal() {
        return total;
    }

    /// @throws IllegalStateException when the kind has no order; ask [#isOrdered()] first
    public int compare(Object one, Object other) {
        if (order == null) {
            throw new IllegalStateException(name + " has no order in memory");
        }
        return order.compare(one, other);
    }

    @Override
    public String toString() {
        return name;
    }
}
