package dev.walcast.filters;

import dev.walcast.filters.values.ColumnType;
import java.util.regex.Pattern;

/// Recognizes filter values that are already in Postgres' output form, so that a join need not ask Postgres for
/// it.
final class CanonicalValue {
    /// Nine digits fit every integer type except `int2`.
    private static final Pattern INTEGER = Pattern.compile("0|-?[1-9][0-9]{0,8}");

    private static final Pattern SMALL_INTEGER = Pattern.compile("0|-?[1-9][0-9]{0,3}");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private CanonicalValue() {}

    static boolean isCanonical(ColumnType type, String value) {
        if (!type.isBuiltIn() || type.isDomain()) {
            return false;
        }
        return switch (type.base()) {
            case "text", "varchar" -> value.indexOf('\0') < 0;
            case "int4", "int8" -> INTEGER.matcher(value).matches();
            case "int2" -> SMALL_INTEGER.matcher(value).matches();
            case "uuid" -> UUID.matcher(value).matches();
            default -> false;
        };
    }
}
