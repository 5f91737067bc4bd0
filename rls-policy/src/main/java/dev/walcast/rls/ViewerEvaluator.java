package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.ViewerValues.Value;
import java.sql.Connection;
import java.sql.PreparedStatement;
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
    private static final String MAY_BECOME = """
            select not r.rolsuper and r.rolname not like 'pg\\_%' and r.rolname not in (session_user, l.name)
                   and case when pg_catalog.current_setting('server_version_num')::int4 >= 160000
                            then pg_catalog.pg_has_role(case when r.rolbypassrls then l.name else session_user end, r.oid, 'SET')
                            else pg_catalog.pg_has_role(case when r.rolbypassrls then l.name else session_user end, r.oid, 'MEMBER')
                       end
              from pg_catalog.pg_roles r
              cross join (select coalesce(nullif(pg_catalog.current_setting('walcast.server_login', true), ''),
                                          session_user::text)::name as name) l
             where r.rolname = ?""";

    private final DataSource isolated;
    private final Recent<String, Boolean> roles = new Recent<>(System::nanoTime);

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

    /// Whether the evaluation login may act as the role. Never a superuser, never a login of the server itself,
    /// never one of Postgres' own roles. A role with BYPASSRLS needs no evaluation: of that, the server's login
    /// must be a member.
    boolean mayBecome(String role) throws SQLException {
        return roles.<SQLException, SQLException>get(role, () -> canBecome(role) ? Boolean.TRUE : null) != null;
    }

    private boolean canBecome(String role) throws SQLException {
        try (Connection connection = isolated.getConnection();
                PreparedStatement statement = connection.prepareStatement(MAY_BECOME)) {
            statement.setString(1, role);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }
}
