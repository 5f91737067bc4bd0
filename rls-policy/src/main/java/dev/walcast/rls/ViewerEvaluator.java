package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.ViewerValues.Value;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/// Computes in Postgres what policies make of one viewer alone, as that viewer. Safe for any thread; calls block.
final class ViewerEvaluator {
    /// Since Postgres 16 a membership may come without the right to SET ROLE.
    private final DataSource isolated;

    /// @param isolated of connections made by [IsolatedConnections]
    ViewerEvaluator(DataSource isolated) {
        this.isolated = requireNonNull(isolated, "isolated is null");
    }

    /// Lets Postgres compute what depends on the viewer alone, as that viewer. An error in one leaves the others.
    ViewerValues values(Viewer viewer, List<String> expressions) throws SQLException {
        if (expressions.isEmpty()) {
            return new ViewerValues(Map.of());
        }
        try (Connection connection = isolated.getConnection()) {
            connection.setAutoCommit(false);
            try {
                return new ViewerValues(values(connection, viewer, expressions));
            } finally {
                PolicyAsker.end(connection);
            }
        }
    }

    private static Map<String, Value> values(Connection connection, Viewer viewer, List<String> expressions)
            throws SQLException {
        try {
            return evaluate(connection, viewer, expressions);
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
            each.putAll(values(connection, viewer, List.of(expression)));
        }
        return each;
    }

    private static Map<String, Value> evaluate(Connection connection, Viewer viewer, List<String> expressions)
            throws SQLException {
        PolicyAsker.become(connection, viewer.role());
        PolicyAsker.claim(connection, viewer.claims());
        List<String> selected = new ArrayList<>();
        for (String expression : expressions) {
            selected.add(
                    "case when (" + expression + ") is null then null else pg_catalog.concat(" + expression + ") end");
            selected.add("pg_catalog.pg_typeof(" + expression + ")::text");
        }
        String query = "with " + IsolatedConnections.CLIENT_PATH + " select " + String.join(", ", selected)
                + " from walcast_path";
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            Map<String, Value> values = new LinkedHashMap<>();
            for (int i = 0; i < expressions.size(); i++) {
                values.put(expressions.get(i), new Value(row.getString(2 * i + 1), row.getString(2 * i + 2), null));
            }
            return values;
        }
    }
}
