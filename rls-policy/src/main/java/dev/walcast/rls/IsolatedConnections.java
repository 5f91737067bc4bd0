package dev.walcast.rls;

import java.time.Duration;

/// How a connection is set up on which policies are read and evaluated: names resolve in `pg_catalog` only, so that
/// an expression that Postgres printed means the same when it is read back, whatever objects users have made. While
/// the expression runs, functions see the `search_path` that clients have.
public final class IsolatedConnections {
    /// SQL for a CTE whose only column is true; whatever reads the column runs after the path is set.
    static final String CLIENT_PATH = "walcast_path (walcast_set) as materialized (select pg_catalog.set_config("
            + "'search_path', pg_catalog.current_setting('walcast.client_path'), true) is not null)";

    private IsolatedConnections() {}

    /// The statement that every such connection begins with.
    public static String initSql(Duration statementTimeout) {
        return "select pg_catalog.set_config('walcast.client_path', pg_catalog.current_setting('search_path'), false),"
                + " pg_catalog.set_config('search_path', '', false),"
                + " pg_catalog.set_config('statement_timeout', '" + statementTimeout.toMillis() + "', false),"
                + " pg_catalog.set_config('standard_conforming_strings', 'on', false),"
                // Postgres looks whether the client is there while a function swallows every cancellation.
                + " pg_catalog.set_config('client_connection_check_interval', '1s', false),"
                + " pg_catalog.set_config('timezone', 'UTC', false), pg_catalog.set_config('datestyle', 'ISO, MDY', false),"
                + " pg_catalog.set_config('intervalstyle', 'postgres', false),"
                + " pg_catalog.set_config('bytea_output', 'hex', false),"
                + " pg_catalog.set_config('extra_float_digits', '1', false)";
    }

    /// The same, for a login that is not the server's.
    ///
    /// @param server the role that the server logs in as otherwise
    public static String initSql(Duration statementTimeout, String server) {
        return initSql(statementTimeout) + ", pg_catalog.set_config('walcast.server_login', " + SqlText.literal(server)
                + ", false)";
    }
}
