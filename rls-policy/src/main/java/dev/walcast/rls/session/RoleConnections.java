package dev.walcast.rls.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.cache.SingleFlightCache;
import dev.walcast.rls.sql.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import javax.sql.DataSource;

/// Chooses the login that acts as a role. The evaluation login does for all roles but those with BYPASSRLS, of which
/// it should not be a member: what runs as one of its roles may go back to the login, and on to the others. For
/// those, the server's own login does. Safe for any thread.
public final class RoleConnections {
    private final DataSource evaluation;
    private final DataSource server;
    private final SingleFlightCache<String, Boolean> bypassing = new SingleFlightCache<>(System::nanoTime);

    /// @param evaluation of connections of the evaluation login
    /// @param server     of connections of the server's login; the same where there is no other
    public RoleConnections(DataSource evaluation, DataSource server) {
        this.evaluation = requireNonNull(evaluation, "evaluation is null");
        this.server = requireNonNull(server, "server is null");
    }

    /// Of connections that may become the role, if any may.
    @SuppressWarnings("ReferenceEquality") // one login serves both
    public DataSource of(String role) throws SQLException {
        return evaluation == server || !bypasses(role) ? evaluation : server;
    }

    /// Of connections of the server's own login.
    public DataSource forServer() {
        return server;
    }

    /// The error without a state that says that Postgres is away, when Postgres is not: a user's code may raise any
    /// state.
    public static SQLException unlessAway(Connection connection, SQLException e) throws SQLException {
        return SqlStates.isLost(connection, e) || !SqlStates.saysPostgresIsAway(e)
                ? e
                : new SQLException(e.getMessage(), "58000", e);
    }

    private boolean bypasses(String role) throws SQLException {
        return requireNonNull(bypassing.<SQLException, SQLException>get(role, () -> look(role)));
    }

    private Boolean look(String role) throws SQLException {
        try (Connection connection = evaluation.getConnection();
                PreparedStatement statement = connection.prepareStatement(
                        "select rolbypassrls from pg_catalog.pg_roles where rolname operator(pg_catalog.=) ?::pg_catalog.name")) {
            statement.setString(1, role);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /// Begins what is never committed: read only, as the role.
    ///
    /// @param role    empty for the login itself
    /// @param timeout for each statement
    public static void beginReadOnly(Connection connection, String role, Duration timeout) throws SQLException {
        connection.setAutoCommit(false);
        String begin = "set transaction read only; set local statement_timeout = " + timeout.toMillis();
        try (Statement statement = connection.createStatement()) {
            statement.execute(role.isEmpty() ? begin : begin + "; " + ViewerSession.becomeSql(role));
        }
    }
}
