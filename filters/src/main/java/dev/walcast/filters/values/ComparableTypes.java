package dev.walcast.filters.values;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Returns how the types compare that memory can compare.
public final class ComparableTypes {
    private static final Map<String, ComparableType> SIMPLE = new HashMap<>();

    static {
        for (String type : List.of("int2", "int4", "int8", "oid")) {
            SIMPLE.put(type, ComparableType.natural(type, Long::valueOf));
        }
        SIMPLE.put(
                "numeric", ComparableType.ordered("numeric", NumberKeys::decimal, NumberKeys::compareDecimals, true));
        SIMPLE.put("float8", ComparableType.natural("float8", NumberKeys::doublePrecision));
        SIMPLE.put("float4", ComparableType.natural("float4", NumberKeys::real));
        SIMPLE.put("bool", ComparableType.natural("bool", "t"::equals));
        // The output texts of these are in order: of fixed width, or hexadecimal digits in the order of the bytes.
        for (String type : List.of("uuid", "macaddr", "macaddr8", "bytea", "time", "bit", "varbit")) {
            SIMPLE.put(type, ComparableType.natural(type, text -> text));
        }
        SIMPLE.put("date", ComparableType.natural("date", TimeKeys::date));
        SIMPLE.put("timestamp", ComparableType.natural("timestamp", TimeKeys::timestamp));
        SIMPLE.put("timestamptz", ComparableType.natural("timestamptz", TimeKeys::timestampUtc));
        SIMPLE.put(
                "interval", ComparableType.ordered("interval", TimeKeys::interval, TimeKeys::compareIntervals, false));
        SIMPLE.put("inet", ComparableType.ordered("inet", NetworkKey::of, NetworkKey::compareKeys, false));
        SIMPLE.put("cidr", ComparableType.ordered("cidr", NetworkKey::of, NetworkKey::compareKeys, false));
        SIMPLE.put("char", ComparableType.unordered("char", text -> text));
    }

    private static final ComparableType PLAIN_TEXT = ComparableType.unordered("text", text -> text);

    private ComparableTypes() {}

    /// Returns how values of the type compare; null when only Postgres can compare them.
    public static @Nullable ComparableType of(ColumnType type) {
        if (!type.labels().isEmpty()) {
            return enumeration(type.labels());
        }
        ColumnType element = type.element();
        if (element != null) {
            return array(element, type.collation());
        }
        if (!type.isBuiltIn()) {
            return null;
        }
        return switch (type.base()) {
            case "text", "varchar", "name" -> text(type, text -> text);
            case "bpchar" -> text(type, ComparableTypes::withoutPadding);
            default -> SIMPLE.get(type.base());
        };
    }

    /// Returns how texts compare under a deterministic collation: equality only.
    public static ComparableType plainText() {
        return PLAIN_TEXT;
    }

    private static @Nullable ComparableType text(ColumnType type, Function<String, @Nullable Object> key) {
        ColumnType.Collation collation = type.collation();
        if (collation == null || !collation.deterministic()) {
            return null;
        }
        return collation.bytewise()
                ? ComparableType.ordered(type.base(), key, ComparableTypes::compareCodePoints, true)
                : ComparableType.unordered(type.base(), key);
    }

    private static String withoutPadding(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == ' ') {
            end--;
        }
        return text.substring(0, end);
    }

    /// Compares texts in the order of their UTF-8 bytes, which is the order of their code points.
    /// [String#compareTo(String)] has another order beyond the BMP.
    static int compareCodePoints(Object one, Object other) {
        String first = (String) one;
        String second = (String) other;
        int length = Math.min(first.length(), second.length());
        for (int i = 0; i < length; i++) {
            char a = first.charAt(i);
            char b = second.charAt(i);
            if (a != b) {
                boolean bothSurrogates = Character.isSurrogate(a) == Character.isSurrogate(b);
                return bothSurrogates ? Character.compare(a, b) : Character.isSurrogate(a) ? 1 : -1;
            }
        }
        return Integer.compare(first.length(), second.length());
    }

    /// A label that was added later has no key.
    private static ComparableType enumeration(List<String> labels) {
        Map<String, Integer> ranks = new HashMap<>();
        labels.forEach(label -> ranks.put(label, ranks.size()));
        return ComparableType.ordered(
                "enum", ranks::get, (one, other) -> Integer.compare((int) one, (int) other), false);
    }

    private static @Nullable ComparableType array(ColumnType element, ColumnType.@Nullable Collation collation) {
        if (element.isDomain() || element.element() != null) {
            return null;
        }
        ColumnType collated = new ColumnType(
                element.oid(),
                element.sql(),
                element.display(),
                element.base(),
                element.baseOid(),
                element.baseSql(),
                element.labels(),
                null,
                collation);
        ComparableType kind = of(collated);
        return kind == null || Objects.equals(element.base(), "box") ? null : ArrayKey.kind(kind);
    }
}
