package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.policy.ViewerValues;
import dev.walcast.rls.policy.ViewerValues.Value;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlStates;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/// Evaluates expressions over claims in Postgres, as the viewer. Safe for any thread. Calls block.
public final class ViewerEvaluator {
    private final DataSource isolated;

    /// Makes an evaluator.
    ///
    /// @param isolated connections set up by `IsolatedConnections`
    public ViewerEvaluator(DataSource isolated) {
        this.isolated = requireNonNull(isolated, "isolated is null");
    }

    /// Evaluates the expressions, which depend on the viewer only. An expression that fails does not affect the
    /// others: its error is in the result.
    ///
    /// @throws SQLException when Postgres is unreachable; asking again may help
    public ViewerValues values(Viewer viewer, SessionSettings settings, List<String> expressions) throws SQLException {
        if (expressions.isEmpty()) {
            return new ViewerValues(Map.of());
        }
        try (Connection connection = isolated.getConnection()) {
            connection.setAutoCommit(false);
            try {
                return new ViewerValues(values(connection, viewer, settings, expressions));
            } finally {
                ViewerSession.end(connection);
            }
        }
    }

    private static Map<String, Value> values(
            Connection connection, Viewer viewer, SessionSettings settings, List<String> expressions)
            throws SQLException {
        try {
            return evaluate(connection, viewer, settings, expressions);
        } catch (SQLException e) {
            if (!SqlStates.saysTheValueIsWrong(e)) {
                throw e;
            }
            connection.rollback();
            String state = String.valueOf(e.getSQLState());
            if (expressions.size() == 1) {
                return Map.of(expressions.getFirst(), new Value(null, "", state));
            }
        }
        Map<String, Value> each = new HashMap<>();
        for (String expression : expressions) {
            each.putAll(values(connection, viewer, settings, List.of(expression)));
        }
        return each;
    }

    private static Map<String, Value> evaluate(
            Connection connection, Viewer viewer, SessionSettings settings, List<String> expressions)
            throws SQLException {
        ViewerSession.become(connection, viewer.role());
        ViewerSession.claim(connection, viewer.claims());
        Map<String, Value> values = new LinkedHashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(query(settings, expressions))) {
            SettingsSql.readLast(statement, row -> {
                for (int i = 0; i < expressions.size(); i++) {
                    values.put(expressions.get(i), new Value(row.getString(2 * i + 1), row.getString(2 * i + 2), null));
                }
            });
        }
        return values;
    }

    /// Returns a query that computes values with the settings of the viewer, and prints them as all values are
    /// rendered.
    private static String query(SessionSettings settings, List<String> expressions) {
        List<String> computed = new ArrayList<>();
        List<String> printed = new ArrayList<>();
        for (int i = 0; i < expressions.size(); i++) {
            // The driver takes `?` for a parameter, also where it is jsonb's operator.
            computed.add("(" + SqlText.replace(expressions.get(i), "?", "??") + ") as e" + i);
            printed.add("case when walcast_printed and (v.e" + i + " is null) is false then pg_catalog.concat(v.e" + i
                    + ") end");
            printed.add("case when walcast_printed then pg_catalog.pg_typeof(v.e" + i + ")::text end");
        }
        String early = SettingsSql.early(settings);
        return (early.isEmpty() ? "" : "select " + early + "; ") + "with " + SettingsSql.lateCte(settings)
                + ", walcast_values as materialized (select " + String.join(", ", computed) + " from "
                + SettingsSql.CTE + "), walcast_print as materialized (select " + SettingsSql.renderingAgain(settings)
                + " as walcast_printed from walcast_values) select " + String.join(", ", printed)
                + " from walcast_print cross join walcast_values as v";
    }
}
