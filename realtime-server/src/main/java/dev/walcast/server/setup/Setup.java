package dev.walcast.server.setup;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.postgres.PostgresUrl;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Runs a [SetupScript] with the logins that are given.
public final class Setup {
    private static final String CONNECT_TIMEOUT_SECONDS = "10";

    private final SetupScript script;
    private final @Nullable PostgresUrl admin;
    private final Clock clock;

    /// @param admin the login for the script's first part; null when that part was run by other means
    public Setup(SetupScript script, @Nullable PostgresUrl admin, Clock clock) {
        this.script = requireNonNull(script, "script is null");
        this.admin = admin;
        this.clock = requireNonNull(clock, "clock is null");
    }

    /// @param say receives a line for each step
    /// @throws SetupException when a step fails; names the step. Earlier steps stay done
    public void apply(Consumer<String> say) throws SetupException {
        if (admin != null) {
            applyAdminPart(admin, say);
        }
        PostgresUrl server = script.server();
        Installation before = installation(server);
        if (before.foreign()) {
            say.accept("Schema realtime belongs to \"" + before.owner() + "\" and is used as it is.");
        } else {
            migrate(server, before, say);
        }
        keepPartitions(server, say);
        report(server, say);
    }

    private void applyAdminPart(PostgresUrl url, Consumer<String> say) throws SetupException {
        try (Connection connection = connect(url);
                Statement statement = connection.createStatement()) {
            statement.execute(script.admin());
            say.accept("Role \"" + script.server().user() + "\", its grants, and publication \"" + script.publication()
                    + "\" exist.");
            PostgresUrl evaluation = script.evaluation();
            say.accept("Role \"" + evaluation.user() + "\", which evaluates policies and filters, exists.");
            if (evaluation.password() == null) {
                say.accept("Give it a password: ALTER ROLE " + Identifier.quoted(evaluation.user())
                        + " PASSWORD '...', and set" + " EVALUATION_DATABASE_URL=postgres://" + evaluation.user()
                        + ":PASSWORD@" + evaluation + ".");
            }
            announceRights(statement, say);
        } catch (SQLException e) {
            throw new SetupException(
                    "Part 1 failed as \"" + url.user() + "\": " + SetupException.sentence(e)
                            + ". See `walcast setup --print`.",
                    e);
        }
    }

    private static void announceRights(Statement statement, Consumer<String> say) throws SQLException {
        statement.clearWarnings();
        statement.execute(SetupScript.rightsTrigger());
        String warning = "Changes of rights are not announced in the log.";
        for (SQLWarning next = statement.getWarnings(); next != null; next = next.getNextWarning()) {
            warning = SetupException.sentence(next);
        }
        try (ResultSet row = statement.executeQuery("select pg_catalog.count(*) = 2 from pg_catalog.pg_event_trigger"
                + " where evtname in ('walcast_rights', 'walcast_rights_drop')")) {
            row.next();
            say.accept(
                    row.getBoolean(1)
                            ? "Event triggers walcast_rights and walcast_rights_drop announce changes of rights in the log."
                            : warning);
        }
    }

    private static void migrate(PostgresUrl server, Installation before, Consumer<String> say) throws SetupException {
        if (!before.installed() && !askMayCreate(server)) {
            throw new SetupException("Role \"" + server.user() + "\" may not create a schema in database \""
                    + server.database() + "\": run GRANT CREATE ON DATABASE " + Identifier.quoted(server.database())
                    + " TO "
                    + Identifier.quoted(server.user()) + " as its owner, or give --admin-url.");
        }
        int files = Migrations.run(server);
        say.accept(
                files == 0
                        ? "Schema realtime is up to date; grants renewed."
                        : "Schema realtime: " + files + " migrations run.");
    }

    private static boolean askMayCreate(PostgresUrl url) throws SetupException {
        try (Connection connection = connect(url);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        select pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
                            or exists (select from pg_catalog.pg_namespace
                                        where nspname = 'realtime' and pg_catalog.has_schema_privilege(oid, 'CREATE'))""")) {
            row.next();
            return row.getBoolean(1);
        } catch (SQLException e) {
            throw unreachable(url, e);
        }
    }

    private void keepPartitions(PostgresUrl server, Consumer<String> say) throws SetupException {
        if (!installation(server).maintainable()) {
            return;
        }
        // Long enough that setup never drops one: how long they are kept is for the server to know.
        Duration forever = Duration.ofDays(10_000);
        try (PartitionUpkeep upkeep = new PartitionUpkeep(Migrations.dataSource(server), clock, forever)) {
            List<String> made = upkeep.once();
            if (!made.isEmpty()) {
                say.accept("Partitions made: " + String.join(", ", made) + ".");
            }
        } catch (SQLException e) {
            throw new SetupException("The partitions could not be created: " + SetupException.sentence(e), e);
        }
    }

    private void report(PostgresUrl server, Consumer<String> say) throws SetupException {
        List<String> missing =
                installation(server).missing(server.user(), List.of(script.publication(), Installation.PUBLICATION));
        missing.forEach(say);
        if (missing.isEmpty()) {
            say.accept(
                    "Private channels, replay and broadcasts from the database are ready. Restart a running server.");
        }
    }

    private static Installation installation(PostgresUrl url) throws SetupException {
        try (Connection connection = connect(url)) {
            return Installation.of(connection);
        } catch (SQLException e) {
            throw unreachable(url, e);
        }
    }

    private static SetupException unreachable(PostgresUrl url, SQLException e) {
        return new SetupException(
                "Postgres at " + url + " does not answer role \"" + url.user() + "\": " + SetupException.sentence(e)
                        + ". If the role does not exist yet, give --admin-url, or see `walcast setup --print`.",
                e);
    }

    static Connection connect(PostgresUrl url) throws SQLException {
        Properties properties = url.ownProperties();
        properties.putIfAbsent("connectTimeout", CONNECT_TIMEOUT_SECONDS);
        properties.putIfAbsent("ApplicationName", "walcast setup");
        return DriverManager.getConnection(url.jdbcUrl(), properties);
    }
}
