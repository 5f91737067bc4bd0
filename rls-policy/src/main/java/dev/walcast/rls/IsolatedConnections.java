package dev.walcast.rls;

import java.time.Duration;

/// How a connection is set up on which policies are read and evaluated: names resolve in `pg_catalog` only, so that
/// an expression that Postgres printed means the same when it is read back, whatever objects users have made. While
/// the expression runs, functions see the `search_path` that clients have.
public final class IsolatedConnections {
    /// SQL to run in the transaction's first statement, as an item of its FROM or a CTE.
    static final String CLIENT_PATH = "walcast_path as materialized (select pg_catalog.set_config('search_path',"
            + " pg_catalog.current_setting('walcast.client_path'), true))";

    private IsolatedConnections() {}

    /// The statement that every such connection begins with.
    public static String initSql(Duration statementTimeout) {
        return "select pg_catalog.set_config('walcast.client_path', pg_catalog.current_setting('search_path'), false),"
                + " pg_catalog.set_config('search_path', '', false),"
                + " pg_catalog.set_config('statement_timeout', '" + statementTimeout.toMillis() + "', false),"
                + " pg_catalog.set_config('timezone', 'UTC', false), pg_catalog.set_config('datestyle', 'ISO, MDY', false),"
                + " pg_catalog.set_config('intervalstyle', 'postgres', false),"
                + " pg_catalog.set_config('bytea_output', 'hex', false),"
                + " pg_catalog.set_config('extra_float_digits', '1', false)";
    }
}
