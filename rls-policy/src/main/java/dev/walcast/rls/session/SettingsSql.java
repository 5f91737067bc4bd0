package dev.walcast.rls.session;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.sql.SqlText;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Writes SQL that gives a statement the settings of a viewer's session, for the rest of the transaction or
/// subtransaction.
///
/// Postgres must read rows and printed expressions with the settings under which they were printed. So settings that
/// change the meaning of a text, as SQL or as a value, are set *late*: by the statement itself, after it was parsed.
/// Other settings are set *early*, so that functions which Postgres computes while it plans see them too. Where
/// Postgres needs the `search_path` to plan, the path is set early as well, and Postgres prints again what it
/// changes: see `BoundPolicies`.
///
/// The driver gives up a connection when Postgres reports a `DateStyle` other than ISO. Postgres reports it at the
/// end of a round trip, so early settings must be reset by then.
public final class SettingsSql {
    /// The settings under which values are rendered. Every connection for evaluation begins with them.
    static final Map<String, String> RENDERING = Map.ofEntries(
            Map.entry("timezone", "UTC"),
            Map.entry("datestyle", "ISO, MDY"),
            Map.entry("intervalstyle", "postgres"),
            Map.entry("bytea_output", "hex"),
            Map.entry("extra_float_digits", "1"),
            Map.entry("xmloption", "content"),
            Map.entry("xmlbinary", "base64"),
            Map.entry("array_nulls", "on"),
            Map.entry("standard_conforming_strings", "on"),
            Map.entry("backslash_quote", "safe_encoding"),
            Map.entry("transform_null_equals", "off"),
            Map.entry("quote_all_identifiers", "off"),
            Map.entry("row_security", "on"));

    /// The setting that decides what unqualified names mean.
    public static final String SEARCH_PATH = "search_path";

    private static final Set<String> LATE = Set.of(
            SEARCH_PATH,
            "lc_monetary",
            "xmloption",
            "array_nulls",
            "standard_conforming_strings",
            "backslash_quote",
            "transform_null_equals",
            "quote_all_identifiers");

    /// The settings that decide how values are printed, except names of the catalog.
    private static final Set<String> OUTPUT =
            Set.of("timezone", "datestyle", "intervalstyle", "bytea_output", "extra_float_digits", "lc_monetary");

    /// The name of a CTE whose only column, [#READY], is true. What reads the column runs after the settings are
    /// set.
    public static final String CTE = "walcast_session";

    /// The column of the CTE. It is true.
    public static final String READY = CTE + ".walcast_ready";

    private SettingsSql() {}

    /// Returns a list of expressions that set all settings under which values are rendered, for the session.
    static String renderingOfSession() {
        List<String> calls = new ArrayList<>();
        RENDERING.forEach((name, value) -> calls.add(call(name, value, false)));
        return String.join(", ", calls);
    }

    /// Returns an expression that restores the settings under which values are rendered. Its value is true.
    public static String renderingAgain(SessionSettings settings) {
        List<String> calls = new ArrayList<>();
        RENDERING.forEach((name, value) -> {
            if (settings.get(name) != null && !name.equals("row_security")) {
                calls.add(call(name, value, true) + " is not null");
            }
        });
        if (settings.get(SEARCH_PATH) != null) {
            calls.add(call(SEARCH_PATH, "", true) + " is not null");
        }
        return calls.isEmpty() ? "true" : String.join(" and ", calls);
    }

    /// Returns a list of expressions that set the early settings; empty when there are none.
    public static String early(SessionSettings settings) {
        return String.join(", ", calls(settings, false, true));
    }

    /// Returns a list of expressions that set all settings; empty when there are none.
    public static String all(SessionSettings settings) {
        return String.join(", ", calls(settings, true, true));
    }

    /// Returns a list of expressions that set the late settings; empty when there are none.
    public static String late(SessionSettings settings) {
        return String.join(", ", calls(settings, true, false));
    }

    /// Returns an expression that sets the `search_path`; null when the settings have none.
    public static @Nullable String path(SessionSettings settings) {
        String path = settings.get(SEARCH_PATH);
        return path == null ? null : call(SEARCH_PATH, path, true);
    }

    /// Returns an expression that sets the late settings except the `search_path`. Its value is true.
    public static String lateButPath(SessionSettings settings) {
        return condition(calls(settings, true, false).stream()
                .filter(call -> !call.equals(path(settings)))
                .toList());
    }

    /// Returns a list of expressions that set the early settings and the `search_path`; empty when there are none.
    public static String earlyWithPath(SessionSettings settings) {
        List<String> calls = calls(settings, false, true);
        String path = path(settings);
        if (path != null) {
            calls.add(path);
        }
        return String.join(", ", calls);
    }

    /// Returns the CTE that sets the late settings.
    public static String lateCte(SessionSettings settings) {
        return cte(calls(settings, true, false), "");
    }

    /// Returns the CTE that sets all settings.
    ///
    /// @param after a FROM clause that runs before it, such as ` from other_cte`; may be empty
    public static String cte(SessionSettings settings, String after) {
        return cte(calls(settings, true, true), after);
    }

    private static String cte(List<String> calls, String after) {
        return CTE + " (walcast_ready) as materialized (select " + condition(calls) + after + ")";
    }

    private static String condition(List<String> calls) {
        StringBuilder condition = new StringBuilder("true");
        calls.forEach(call -> condition.append(" and ").append(call).append(" is not null"));
        return condition.toString();
    }

    /// Whether the settings may change the value that a text stands for.
    public static boolean readsTextsOtherwise(SessionSettings settings) {
        return settings.values().keySet().stream().anyMatch(name -> LATE.contains(name) && !name.equals(SEARCH_PATH));
    }

    /// Whether the settings change how values are printed.
    public static boolean printsOtherwise(SessionSettings settings) {
        return settings.values().keySet().stream().anyMatch(OUTPUT::contains);
    }

    private static List<String> calls(SessionSettings settings, boolean late, boolean early) {
        List<String> calls = new ArrayList<>();
        settings.values().forEach((name, value) -> {
            if (LATE.contains(name) ? late : early) {
                calls.add(call(name, value, true));
            }
        });
        return calls;
    }

    /// Receives the rows of a result.
    public interface RowConsumer {
        /// Reads the current row.
        void read(ResultSet row) throws SQLException;
    }

    /// Executes several statements, and passes on all rows of the last result.
    public static void readLast(PreparedStatement statement, RowConsumer reader) throws SQLException {
        statement.execute();
        ResultSet last = statement.getResultSet();
        while (statement.getMoreResults(Statement.KEEP_CURRENT_RESULT) || statement.getUpdateCount() >= 0) {
            last = statement.getResultSet();
        }
        while (last != null && last.next()) {
            reader.read(last);
        }
    }

    private static String call(String name, String value, boolean local) {
        return "pg_catalog.set_config(" + SqlText.literal(name) + ", " + SqlText.literal(value) + ", " + local + ")";
    }
}
