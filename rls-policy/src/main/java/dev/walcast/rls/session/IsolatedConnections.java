package dev.walcast.rls.session;

import dev.walcast.rls.sql.SqlText;
import java.time.Duration;

/// Writes the SQL that sets up connections for reading and evaluating policies. Names resolve in `pg_catalog` only on
/// them, so that a printed expression keeps its meaning when Postgres reads it back, whatever objects users created.
/// While an expression runs, [SettingsSql] gives it the settings of the viewer's role.
public final class IsolatedConnections {
    private IsolatedConnections() {}

    /// Returns the statement with which each connection begins.
    public static String initSql(Duration statementTimeout) {
        return "select pg_catalog.set_config('search_path', '', false), " + withClientsPath(statementTimeout);
    }

    /// Returns the statement with which each connection of another login than the server's begins.
    ///
    /// @param server the role of the server's own login
    public static String initSql(Duration statementTimeout, String server) {
        return initSql(statementTimeout) + ", pg_catalog.set_config('walcast.server_login', " + SqlText.literal(server)
                + ", false)";
    }

    /// Returns the statement with which connections for filters begin. All names in statements for filters are
    /// qualified.
    public static String filtersSql(Duration statementTimeout) {
        return "select " + withClientsPath(statementTimeout);
    }

    private static String withClientsPath(Duration statementTimeout) {
        return "pg_catalog.set_config('statement_timeout', '" + statementTimeout.toMillis() + "', false),"
                // Makes Postgres notice a lost client also while a function ignores cancellation.
                + " pg_catalog.set_config('client_connection_check_interval', '1s', false),"
                // The database may set sessions to read only. The viewer's own setting is applied when it evaluates.
                + " pg_catalog.set_config('default_transaction_read_only', 'off', false),"
                + " " + SettingsSql.renderingOfSession();
    }
}
