package dev.walcast.filters;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Turns a value's Postgres output text into a key such that two keys are equal exactly when Postgres' `=` says so.
///
/// Only for types where that is so: for the others there is no key, and nobody guesses one. Text counts as comparable
/// here; whether the column's collation is deterministic is for the resolver to check.
public final class EqualityKey {
    /// Types whose output text is one to one with the value that `=` compares.
    private static final Set<String> TEXT_IS_KEY = Set.of(
            "int2",
            "int4",
            "int8",
            "oid",
            "bool",
            "uuid",
            "text",
            "varchar",
            "name",
            "char",
            "date",
            "time",
            "timestamp",
            "timestamptz",
            "bytea",
            "inet",
            "cidr",
            "macaddr",
            "macaddr8",
            "bit",
            "varbit",
            "pg_lsn");

    private static final Map<String, UnaryOperator<String>> CANONICAL = Map.of(
            "numeric", EqualityKey::number,
            "float4", EqualityKey::number,
            "float8", EqualityKey::number,
            "bpchar", EqualityKey::withoutPadding);

    private EqualityKey() {}

    /// The function from output text to key; null when the type has none.
    ///
    /// @param type   `pg_type.typname` of the type below all domains
    /// @param oid    its oid: a user's own type may carry a built-in's name in another schema
    /// @param isEnum whether it is an enum
    public static @Nullable UnaryOperator<String> canonical(String type, long oid, boolean isEnum) {
        if (isEnum || (TEXT_IS_KEY.contains(type) && isBuiltIn(oid))) {
            return UnaryOperator.identity();
        }
        return isBuiltIn(oid) ? CANONICAL.get(type) : null;
    }

    /// Oids below 16384 are assigned by Postgres itself.
    private static boolean isBuiltIn(long oid) {
        return oid < 16_384;
    }

    /// `1.50` and `1.5`, `1e+10` and `10000000000`, `-0` and `0` are equal; `NaN` equals itself.
    private static String number(String text) {
        char last = text.charAt(text.length() - 1);
        if (last < '0' || last > '9') {
            return text;
        }
        BigDecimal value = new BigDecimal(text);
        return value.signum() == 0 ? "0" : value.stripTrailingZeros().toString();
    }

    private static String withoutPadding(String text) {
        int end = text.length();
        while (end > 0 && text.charAt(end - 1) == ' ') {
            end--;
        }
        return text.substring(0, end);
    }
}
