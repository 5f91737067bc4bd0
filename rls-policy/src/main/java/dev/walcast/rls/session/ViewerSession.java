package dev.walcast.rls.session;

import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;

/// Makes a pooled connection act as a viewer for one transaction, and cleans it afterwards.
public final class ViewerSession {
    /// Clears what a rollback leaves behind in a session.
    private static final String CLEAN =
            "rollback; select pg_catalog.pg_advisory_unlock_all(); deallocate all; discard sequences; discard plans";

    private ViewerSession() {}

    /// Rolls back, and clears what a rollback does not undo. Call it before the connection goes back to its pool.
    public static void end(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(CLEAN);
        }
        connection.setAutoCommit(true);
    }

    /// Makes the transaction act as the role until it ends.
    public static void become(Connection connection, String role) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(becomeSql(role));
        }
    }

    /// Returns the statement of [#become]. Throws for `none`, which no role can be called: with it, the session
    /// would stay the login.
    static String becomeSql(String role) throws SQLException {
        if (role.equals("none")) {
            throw noSuchRole();
        }
        return "set local role " + SqlText.identifier(role);
    }

    /// Returns the error with which Postgres refuses `none` where a role must exist.
    public static SQLException noSuchRole() {
        return new SQLException("role \"none\" does not exist", "42501");
    }

    /// Gives the transaction the viewer's claims until it ends. It executes a statement of its own, because
    /// Postgres may compute functions that are declared immutable while it plans the next statement.
    public static void claim(Connection connection, String claims) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_catalog.set_config('request.jwt.claims', ?, true)")) {
            statement.setString(1, claims);
            statement.execute();
        }
    }

    /// Makes names resolve in `pg_catalog` only, until the transaction ends.
    public static void setEmptyPath(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("select pg_catalog.set_config('search_path', '', true)");
        }
    }
}
