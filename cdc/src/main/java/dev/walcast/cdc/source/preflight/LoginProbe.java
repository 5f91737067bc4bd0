package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.ConnectionProblem;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;

/// Tests a login once, and explains in one sentence what is wrong with it. Keeps no connection.
public final class LoginProbe {
    private final PostgresUrl url;
    private final ConnectionProblem problem;

    /// @param setting the name of the setting that holds the URL, for the message
    public LoginProbe(PostgresUrl url, String setting) {
        this.url = requireNonNull(url, "url is null");
        this.problem = new ConnectionProblem(url, setting);
    }

    /// @throws SourceException when the login fails, or a pooler shares a session among several clients
    public void check() throws SourceException {
        try (Connection connection = CatalogConnection.open(url, null)) {
            if (isPooled(connection)) {
                refuseSharedSessions();
            }
        } catch (SQLException e) {
            throw problem.explain(e);
        }
    }

    /// Whether a connection pooler is between client and server. A pooler reports another process number than
    /// that of the server process behind it.
    static boolean isPooled(Connection connection) throws SQLException {
        return pid(connection) != connection.unwrap(PGConnection.class).getBackendPID();
    }

    private static int pid(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.pg_backend_pid()")) {
            row.next();
            return row.getInt(1);
        }
    }

    /// Refuses a pooler that shares a session among clients, which happens when it lends a session for one
    /// transaction. A role or setting of one session must never reach another.
    void refuseSharedSessions() throws SQLException, SourceException {
        try (Connection first = CatalogConnection.open(url, null);
                Connection second = CatalogConnection.open(url, null)) {
            int before = pid(first);
            second.setAutoCommit(false);
            boolean shared = pid(second) == before || pid(first) != before;
            second.rollback();
            if (shared) {
                throw problem.pooler("it shares a session among several clients");
            }
        }
    }
}
