package dev.walcast.server.changes;

import java.util.regex.Pattern;

/// Tells filter values that are already exactly what Postgres would print, so that a join need not ask it.
final class PlainValue {
    /// At most nine digits fit every integer type but `int2`, whose own range ends below.
    private static final Pattern INTEGER = Pattern.compile("0|-?[1-9][0-9]{0,8}");

    private static final Pattern SMALL_INTEGER = Pattern.compile("0|-?[1-9][0-9]{0,3}");
    private static final Pattern UUID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

    private PlainValue() {}

    /// @param type `pg_type.typname` of a type that is Postgres' own and no domain
    static boolean isCanonical(String type, String value) {
        return switch (type) {
            case "text", "varchar" -> value.indexOf('\0') < 0;
            case "int4", "int8" -> INTEGER.matcher(value).matches();
            case "int2" -> SMALL_INTEGER.matcher(value).matches();
            case "uuid" -> UUID.matcher(value).matches();
            default -> false;
        };
    }
}
