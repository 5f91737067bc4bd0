package dev.walcast.rls.session;

import dev.walcast.rls.sql.SqlText;
import java.time.Duration;

/// How a connection is set up on which policies are read and evaluated: names resolve in `pg_catalog` only, so that
/// an expression that Postgres printed means the same when it is read back, whatever objects users have made. While
/// an expression runs, [SettingsSql] gives it the settings of the viewer's role.
public final class IsolatedConnections {
    private IsolatedConnections() {}

    /// The statement that every such connection begins with.
    public static String initSql(Duration statementTimeout) {
        return "select pg_catalog.set_config('search_path', '', false), " + withClientsPath(statementTimeout);
    }

    /// The same, for a login that is not the server's.
    ///
    /// @param server the role that the server logs in as otherwise
    public static String initSql(Duration statementTimeout, String server) {
        return initSql(statementTimeout) + ", pg_catalog.set_config('walcast.server_login', " + SqlText.literal(server)
                + ", false)";
    }

    /// The statement for connections on which filters are read and evaluated: every name in their statements is
    /// qualified.
    public static String filtersSql(Duration statementTimeout) {
        return "select " + withClientsPath(statementTimeout);
    }

    private static String withClientsPath(Duration statementTimeout) {
        return "pg_catalog.set_config('statement_timeout', '" + statementTimeout.toMillis() + "', false),"
                // Postgres looks whether the client is there while a function swallows every cancellation.
                + " pg_catalog.set_config('client_connection_check_interval', '1s', false),"
                // A database may begin its sessions read only; the viewer's own setting is set where it evaluates.
                + " pg_catalog.set_config('default_transaction_read_only', 'off', false),"
                + " " + SettingsSql.renderingOfSession();
    }
}
