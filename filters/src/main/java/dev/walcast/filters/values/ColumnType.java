package dev.walcast.filters.values;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// A column's type as far as comparing its values requires.
///
/// @param oid       the declared type's
/// @param sql       the declared type, qualified and quoted, without modifier
/// @param display   as Postgres names it in messages, `character varying`
/// @param base      `pg_type.typname` of the type below all domains
/// @param baseOid   its oid: a user's own type may carry a built-in's name
/// @param baseSql   qualified and quoted, without modifier
/// @param labels    of an enum in order of declaration; empty for any other type
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
    /// Oids below are assigned by Postgres itself.
    private static final long FIRST_USER_OID = 16_384;

    public ColumnType {
        requireNonNull(sql, "sql is null");
        requireNonNull(display, "display is null");
        requireNonNull(base, "base is null");
        requireNonNull(baseSql, "baseSql is null");
        labels = List.copyOf(labels);
    }

    public boolean isBuiltIn() {
        return baseOid < FIRST_USER_OID;
    }

    public boolean isBuiltIn(String name) {
        return isBuiltIn() && base.equals(name);
    }

    public boolean isDomain() {
        return oid != baseOid;
    }

    /// How texts of a column compare.
    ///
    /// @param sql           qualified and quoted; null for the database's default
    /// @param deterministic whether only equal bytes are equal
    /// @param bytewise      whether order is that of the bytes
    /// @param asciiFolds    whether lower case of ASCII texts is plain ASCII lower case
    public record Collation(@Nullable String sql, boolean deterministic, boolean bytewise, boolean asciiFolds) {}
}
