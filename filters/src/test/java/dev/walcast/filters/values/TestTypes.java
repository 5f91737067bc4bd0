package dev.walcast.filters.values;

/// Comparable types for tests of predicates.
public final class TestTypes {
    public static final ComparableType INT4 = ComparableType.natural("int4", Long::valueOf);

    /// Texts that are ordered by their bytes.
    public static final ComparableType TEXT =
            ComparableType.ordered("text", text -> text, ComparableTypes::compareCodePoints, true);

    private TestTypes() {}
}
