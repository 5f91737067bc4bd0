package dev.walcast.server.setup;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/// A database with the schema `realtime`, owned by a role that may do nothing else.
public final class MessagesDatabase {
    private MessagesDatabase() {}

    /// Roles and rights as `walcast setup --print` asks of an administrator.
    public static PostgresUrl prepare(TestPostgres postgres) {
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.uid() returns uuid language sql stable as $$"
                        + " select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$",
                new SetupScript(url(postgres), "supabase_realtime").admin());
        return url(postgres);
    }

    public static PostgresUrl url(TestPostgres postgres) {
        return PostgresUrl.parse(postgres.url("postgres", "walcast", "unchecked", "postgres"));
    }

    static DataSource dataSource(TestPostgres postgres) {
        return Migrations.dataSource(url(postgres));
    }

    /// The rows' columns, joined by commas.
    public static List<String> query(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                StringBuilder row = new StringBuilder();
                for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++) {
                    row.append(i == 1 ? "" : ",").append(rows.getString(i));
                }
                found.add(row.toString());
            }
            return found;
        }
    }

    static List<String> query(TestPostgres postgres, String sql) throws SQLException {
        try (Connection connection = postgres.connect()) {
            return query(connection, sql);
        }
    }

    /// Runs a statement and returns the warnings that Postgres raised.
    static List<String> warnings(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
            List<String> warnings = new ArrayList<>();
            for (SQLWarning warning = statement.getWarnings(); warning != null; warning = warning.getNextWarning()) {
                warnings.add(warning.getMessage());
            }
            return warnings;
        }
    }
}
