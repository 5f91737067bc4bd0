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
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Chooses the login that acts as a role: the server's own login for roles with BYPASSRLS, the evaluation login for
/// all others. Code that runs as a role can go back to the login, and from there to its other roles, so the
/// evaluation login should not be a member of a role with BYPASSRLS. Safe for any thread.
public final class RoleConnections {
    private final DataSource evaluation;
    private final DataSource server;

    /// Whether roles have BYPASSRLS; null when one login serves all roles.
    private final @Nullable SingleFlightCache<String, Boolean> bypassing;

    /// Uses one login for all roles.
    public RoleConnections(DataSource only) {
        this.evaluation = requireNonNull(only, "only is null");
        this.server = only;
        this.bypassing = null;
    }

    /// Makes the choice between two logins.
    ///
    /// @param evaluation connections of the evaluation login
    /// @param server     connections of the server's login; the same object when there is only one login
    /// @param nanoTime   a monotonic clock, in nanoseconds
    @SuppressWarnings("ReferenceEquality") // one login serves both
    public RoleConnections(DataSource evaluation, DataSource server, LongSupplier nanoTime) {
        this.evaluation = requireNonNull(evaluation, "evaluation is null");
        this.server = requireNonNull(server, "server is null");
        this.bypassing = evaluation == server ? null : new SingleFlightCache<>(nanoTime);
    }

    /// Returns the connections that can become the role. May block.
    public DataSource of(String role) throws SQLException {
        return bypassing == null || !bypasses(bypassing, role) ? evaluation : server;
    }

    /// Returns the connections of the server's own login.
    public DataSource forServer() {
        return server;
    }

    /// Returns the error. When its state says that Postgres is unreachable and the connection is not lost, the
    /// state becomes `58000`: code of a user can raise any state.
    public static SQLException unlessAway(Connection connection, SQLException e) throws SQLException {
        return SqlStates.isLost(connection, e) || !SqlStates.saysPostgresIsAway(e)
                ? e
                : new SQLException(e.getMessage(), "58000", e);
    }

    private boolean bypasses(SingleFlightCache<String, Boolean> known, String role) throws SQLException {
        return requireNonNull(known.<SQLException, SQLException>get(role, () -> look(role)));
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

    /// Begins a read-only transaction that acts as the role. It must not be committed.
    ///
    /// @param role    empty for the login itself
    /// @param timeout the timeout of each statement
    public static void beginReadOnly(Connection connection, String role, Duration timeout) throws SQLException {
        connection.setAutoCommit(false);
        String begin = "set transaction read only; set local statement_timeout = " + timeout.toMillis();
        try (Statement statement = connection.createStatement()) {
            statement.execute(role.isEmpty() ? begin : begin + "; " + ViewerSession.becomeSql(role));
        }
    }
}
