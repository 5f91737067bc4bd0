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

/// SQL that gives a statement the settings of a viewer's session, for the rest of the transaction or subtransaction.
///
/// Rows and printed expressions are read with the settings under which they were printed. So the settings that change
/// what a text means as SQL or as a value are set *late*: by the statement itself, after it was parsed. The others are
/// set *early*: functions that are computed while Postgres plans see them, too. Where Postgres needs the `search_path`
/// to plan, it is set early as well, and what it would change is printed anew: see `BoundPolicies`.
///
/// The driver gives up a connection that tells it of a `DateStyle` other than ISO, and Postgres tells of it at the end
/// of a round trip. Early settings must be gone by then.
public final class SettingsSql {
    /// The settings under which values are rendered, which every connection that evaluates begins with.
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

    /// The name of the setting that decides what unqualified names mean.
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

    /// The settings that decide how values are printed, but for names of the catalog.
    private static final Set<String> OUTPUT =
            Set.of("timezone", "datestyle", "intervalstyle", "bytea_output", "extra_float_digits", "lc_monetary");

    /// The name of a CTE whose only column, [#READY], is true; whatever reads the column runs after it.
    public static final String CTE = "walcast_session";

    /// Reading this column, which is true, makes what reads it wait until the settings are set.
    public static final String READY = CTE + ".walcast_ready";

    private SettingsSql() {}

    /// A list of expressions that set everything under which values are rendered, for the session.
    static String renderingOfSession() {
        List<String> calls = new ArrayList<>();
        RENDERING.forEach((name, value) -> calls.add(call(name, value, false)));
        return String.join(", ", calls);
    }

    /// An expression that is true, and goes back to the settings under which values are rendered.
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

    /// A list of expressions; empty when there is nothing to set.
    public static String early(SessionSettings settings) {
        return String.join(", ", calls(settings, false, true));
    }

    /// A list of expressions that set everything; empty when there is nothing to set.
    public static String all(SessionSettings settings) {
        return String.join(", ", calls(settings, true, true));
    }

    /// A list of expressions; empty when there is nothing to set.
    public static String late(SessionSettings settings) {
        return String.join(", ", calls(settings, true, false));
    }

    /// An expression that sets the `search_path`; null when there is none to set.
    public static @Nullable String path(SessionSettings settings) {
        String path = settings.get(SEARCH_PATH);
        return path == null ? null : call(SEARCH_PATH, path, true);
    }

    /// An expression that is true, and sets what is set late but for the `search_path`.
    public static String lateButPath(SessionSettings settings) {
        return condition(calls(settings, true, false).stream()
                .filter(call -> !call.equals(path(settings)))
                .toList());
    }

    /// A list of expressions that set what is set early, and the `search_path`; empty when there is nothing to set.
    public static String earlyWithPath(SessionSettings settings) {
        List<String> calls = calls(settings, false, true);
        String path = path(settings);
        if (path != null) {
            calls.add(path);
        }
        return String.join(", ", calls);
    }

    /// The CTE that sets what is set late.
    public static String lateCte(SessionSettings settings) {
        return cte(calls(settings, true, false), "");
    }

    /// The CTE that sets everything.
    ///
    /// @param after what it reads first, such as ` from other_cte`; may be empty
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

    /// Whether a text that stands for a value may be another value in such a session.
    public static boolean readsTextsOtherwise(SessionSettings settings) {
        return settings.values().keySet().stream().anyMatch(name -> LATE.contains(name) && !name.equals(SEARCH_PATH));
    }

    /// Whether values would be printed otherwise than they are rendered.
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

    /// Takes one row of the last result.
    public interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    /// Executes several statements, and reads all rows of the last one's result.
    public static void readLast(PreparedStatement statement, RowReader reader) throws SQLException {
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
