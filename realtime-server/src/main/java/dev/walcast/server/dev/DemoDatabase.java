package dev.walcast.server.dev;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.setup.SetupException;
import dev.walcast.server.setup.SetupScript;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/// The demo schema in the development database, and the server's login, which has only the rights that a server
/// needs.
public final class DemoDatabase implements AutoCloseable {
    private static final String SERVER_ROLE = "walcast";
    private static final String EVALUATION_ROLE = "walcast_evaluator";

    private final HikariDataSource dataSource;
    private final String serverUrl;
    private final String evaluationUrl;

    private DemoDatabase(HikariDataSource dataSource, String serverUrl, String evaluationUrl) {
        this.dataSource = dataSource;
        this.serverUrl = serverUrl;
        this.evaluationUrl = evaluationUrl;
    }

    /// Creates schema and logins. Safe to run again; each run sets new passwords.
    public static DemoDatabase prepare(DevDatabase postgres) throws SQLException, IOException, DevException {
        HikariDataSource dataSource = dataSource(postgres);
        String password = RandomText.ofLength32();
        String evaluationPassword = RandomText.ofLength32();
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql("demo-schema.sql"));
            statement.execute(serverRole(password));
            statement.execute(evaluationRole(evaluationPassword));
            statement.execute(SetupScript.rightsTrigger());
            Migrations.run(PostgresUrl.parse(postgres.url(SERVER_ROLE, password)));
            statement.execute(sql("demo-policies.sql"));
        } catch (SetupException e) {
            dataSource.close();
            throw new DevException(
                    "The schema realtime could not be created in the data folder's database: " + e.getMessage());
        } catch (SQLException | IOException e) {
            dataSource.close();
            throw e;
        }
        return new DemoDatabase(
                dataSource, postgres.url(SERVER_ROLE, password), postgres.url(EVALUATION_ROLE, evaluationPassword));
    }

    /// @param password hex digits, so it needs no quoting
    private static String serverRole(String password) {
        return """
                do $$
                begin
                  if not exists (select from pg_catalog.pg_roles where rolname = '%1$s') then
                    create role %1$s login replication noinherit;
                  end if;
                  alter role %1$s password '%2$s';
                  grant anon, authenticated, service_role to %1$s;
                  grant create on database postgres to %1$s;
                end
                $$""".formatted(SERVER_ROLE, password);
    }

    /// @param password hex digits, so it needs no quoting
    private static String evaluationRole(String password) {
        return """
                do $$
                begin
                  if not exists (select from pg_catalog.pg_roles where rolname = '%1$s') then
                    create role %1$s login noinherit;
                  end if;
                  alter role %1$s password '%2$s';
                  grant anon, authenticated to %1$s;
                end
                $$""".formatted(EVALUATION_ROLE, password);
    }

    private static String sql(String name) throws IOException {
        try (InputStream file = requireNonNull(DemoDatabase.class.getResourceAsStream(name))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static HikariDataSource dataSource(DevDatabase postgres) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("demo");
        config.setJdbcUrl("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres");
        config.setUsername("postgres");
        config.setPassword(postgres.superuserPassword());
        // a superuser's session must not resolve a name to another user's object
        config.addDataSourceProperty("currentSchema", "pg_catalog");
        config.setMaximumPoolSize(3);
        return new HikariDataSource(config);
    }

    /// Connections as superuser, for the demo page's writes.
    public DataSource dataSource() {
        return dataSource;
    }

    /// The server's database URL. Contains a password.
    public String serverUrl() {
        return serverUrl;
    }

    /// The database URL of the login that evaluates policies and filters. Contains a password.
    public String evaluationUrl() {
        return evaluationUrl;
    }

    @Override
    public void close() {
        dataSource.close();
    }
}
