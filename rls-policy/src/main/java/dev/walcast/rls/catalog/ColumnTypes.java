package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.values.ColumnType;
import dev.walcast.filters.values.ColumnType.Collation;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads a column's type from a row of `columns.sql`.
final class ColumnTypes {
    /// Languages in which ASCII letters have their plain lower case, under ICU and under libc. Languages with
    /// rules of their own (Turkish, Azerbaijani, Lithuanian) are left out, and so are languages that were not
    /// checked.
    private static final Set<String> PLAIN_LANGUAGES = Set.of(
            "", "c", "posix", "und", "en", "de", "fr", "es", "it", "nl", "pt", "sv", "da", "nb", "nn", "fi", "pl", "cs",
            "sk", "ru", "uk", "ja", "zh", "ko");

    private ColumnTypes() {}

    static ColumnType read(ResultSet rows) throws SQLException {
        Collation collation = collation(rows);
        return new ColumnType(
                rows.getLong("type_oid"),
                rows.getString("type_sql"),
                rows.getString("display"),
                rows.getString("base_type"),
                rows.getLong("base_oid"),
                rows.getString("base_sql"),
                labels(rows.getArray("labels")),
                element(rows),
                collation);
    }

    private static @Nullable ColumnType element(ResultSet rows) throws SQLException {
        String name = rows.getString("element_type");
        // Values of an array of a domain are not compared in memory.
        if (name == null || rows.getBoolean("element_is_domain")) {
            return name == null ? null : opaque(rows);
        }
        long oid = rows.getLong("element_oid");
        String sql = rows.getString("element_sql");
        return new ColumnType(oid, sql, name, name, oid, sql, labels(rows.getArray("element_labels")), null, null);
    }

    /// Returns an element type that memory does not compare: its declared type and base type differ.
    private static ColumnType opaque(ResultSet rows) throws SQLException {
        String sql = rows.getString("element_sql");
        String name = rows.getString("element_type");
        return new ColumnType(rows.getLong("element_oid"), sql, name, name, 0, sql, List.of(), null, null);
    }

    private static @Nullable Collation collation(ResultSet rows) throws SQLException {
        if (!rows.getBoolean("collatable")) {
            return null;
        }
        String provider = rows.getString("provider");
        String locale = rows.getString("locale");
        String name = locale == null ? "" : locale.toLowerCase(Locale.ROOT);
        boolean bytewise = provider.equals("b")
                || (provider.equals("c") && Set.of("c", "posix").contains(name));
        String language = name.split("[-_.@]", 2)[0];
        return new Collation(
                rows.getString("collation_sql"),
                rows.getBoolean("deterministic"),
                bytewise,
                bytewise || PLAIN_LANGUAGES.contains(language));
    }

    private static List<String> labels(@Nullable Array labels) throws SQLException {
        return labels == null ? List.of() : List.of((String[]) requireNonNull(labels.getArray()));
    }
}
