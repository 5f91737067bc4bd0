package dev.walcast.filters.values;

import java.util.Comparator;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Compares values of one type in memory. It makes keys from output texts. Two keys are equal exactly when
/// Postgres' `=` is true for the values, and they are ordered as its `<` orders the values.
///
/// Created by [ComparableTypes]. `FilterVectorsPgTest` and `FilterFuzzPgTest` compare it with Postgres.
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

    /// Creates a type whose keys have their natural order.
    static ComparableType natural(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, ComparableType::naturally, true);
    }

    /// Creates a type with an order of its own.
    ///
    /// @param total whether every text that Postgres prints has a key
    static ComparableType ordered(
            String name, Function<String, @Nullable Object> key, Comparator<Object> order, boolean total) {
        return new ComparableType(name, key, order, total);
    }

    /// Creates a type that has equality only.
    static ComparableType unordered(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, null, true);
    }

    /// Creates a type that has equality only, in which some texts have no key.
    static ComparableType unorderedPartly(String name, Function<String, @Nullable Object> key) {
        return new ComparableType(name, key, null, false);
    }

    /// The keys of one type are of one class that compares with itself.
    @SuppressWarnings({"unchecked", "rawtypes"})
    private static int naturally(Object one, Object other) {
        return ((Comparable) one).compareTo(other);
    }

    /// Returns the key of a value; null when only Postgres can compare this value.
    public @Nullable Object keyOf(String text) {
        return key.apply(text);
    }

    /// Whether the type has an order in memory.
    public boolean isOrdered() {
        return order != null;
    }

    /// Whether every text that Postgres prints has a key.
    public boolean isTotal() {
        return total;
    }

    /// Compares two keys.
    ///
    /// @throws IllegalStateException when the type has no order; see [#isOrdered()]
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
