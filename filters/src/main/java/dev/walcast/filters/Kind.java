package dev.walcast.filters;

import java.util.Comparator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// How values of a type compare in memory: from output text to a key such that keys are equal exactly when Postgres'
/// `=` says so, and ordered as its `<` does.
///
/// Made by [Kinds]; held against Postgres by `FilterVectorsPgTest` and `FilterFuzzPgTest`.
public final class Kind {
    private final String name;
    private final Function<String, @Nullable Object> key;
    private final @Nullable Comparator<Object> order;
    private final boolean total;

    private Kind(
            String name, Function<String, @Nullable Object> key, @Nullable Comparator<Object> order, boolean total) {
        this.name = name;
        this.key = key;
        this.order = order;
        this.total = total;
    }

    /// Keys in their natural order.
    static Kind natural(String name, Function<String, @Nullable Object> key) {
        return new Kind(name, key, Kind::naturally, true);
    }

    /// @param total whether every text that Postgres prints has a key
    static Kind ordered(String name, Function<String, @Nullable Object> key, Comparator<Object> order, boolean total) {
        return new Kind(name, key, order, total);
    }

    static Kind unordered(String name, Function<String, @Nullable Object> key) {
        return new Kind(name, key, null, true);
    }

    static Kind unorderedPartly(String name, Function<String, @Nullable Object> key) {
        return new Kind(name, key, null, false);
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
    int compare(Object one, Object other) {
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
