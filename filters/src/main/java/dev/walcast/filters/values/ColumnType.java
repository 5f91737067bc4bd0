package dev.walcast.filters.values;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A column's type, as far as comparisons need it.
///
/// @param oid       of the declared type
/// @param sql       the declared type, qualified and quoted, without a modifier
/// @param display   the declared type's name in Postgres' messages, `character varying`
/// @param base      `pg_type.typname` of the type below all domains
/// @param baseOid   oid of that type; a user's own type may have a built-in type's name
/// @param baseSql   that type, qualified and quoted, without a modifier
/// @param labels    the labels of an enum in their order; empty for any other type
/// @param element   an array's element type; null for any other type
/// @param collation null when the type has none
public record ColumnType(
        long oid,
        String sql,
        String display,
        String base,
        long baseOid,
        String baseSql,
        List<String> labels,
        @Nullable ColumnType element,
        @Nullable Collation collation) {
    /// The first oid that a user's object can have.
    private static final long FIRST_USER_OID = 16_384;

    public ColumnType {
        requireNonNull(sql, "sql is null");
        requireNonNull(display, "display is null");
        requireNonNull(base, "base is null");
        requireNonNull(baseSql, "baseSql is null");
        labels = List.copyOf(labels);
    }

    /// Whether Postgres itself defines the type below all domains.
    public boolean isBuiltIn() {
        return baseOid < FIRST_USER_OID;
    }

    /// Whether the type below all domains is the built-in type of this name.
    public boolean isBuiltIn(String name) {
        return isBuiltIn() && base.equals(name);
    }

    public boolean isDomain() {
        return oid != baseOid;
    }

    /// How the texts of a column compare.
    ///
    /// @param sql           the collation's name, qualified and quoted; null for the database's default
    /// @param deterministic whether only equal bytes are equal
    /// @param bytewise      whether texts are ordered by their bytes
    /// @param asciiFolds    whether the lower case of an ASCII text is its ASCII lower case
    public record Collation(@Nullable String sql, boolean deterministic, boolean bytewise, boolean asciiFolds) {}
}
