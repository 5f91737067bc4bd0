package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.ConnectionProblem;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Checks, before a slot is created, that the login gets a connection for replication. Postgres itself must
/// answer, and not a connection pooler.
final class ReplicationAccess {
    private static final Logger log = LoggerFactory.getLogger(ReplicationAccess.class);
    private static final String INSUFFICIENT_PRIVILEGE = "42501";

    private static final String SETTING = "DATABASE_URL";

    private final PostgresUrl url;
    private final ConnectionProblem problem;

    ReplicationAccess(PostgresUrl url) {
        this.url = requireNonNull(url, "url is null");
        this.problem = new ConnectionProblem(url, SETTING);
    }

    /// @param catalog an ordinary connection to the same URL
    void check(Connection catalog) throws SQLException, SourceException {
        boolean pooled = LoginProbe.isPooled(catalog);
        Properties properties = CatalogConnection.properties(url, null);
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "14");
        try (Connection replication = DriverManager.getConnection(url.jdbcUrl(), properties);
                Statement statement = replication.createStatement()) {
            statement.execute("IDENTIFY_SYSTEM");
        } catch (SQLException e) {
            if (INSUFFICIENT_PRIVILEGE.equals(e.getSQLState())) {
                throw new SourceException(
                        "Role \"" + url.user() + "\" may not read the log: run ALTER ROLE "
                                + Identifier.quoted(url.user()) + " REPLICATION as a superuser.",
                        false);
            }
            throw pooled ? problem.pooler(ConnectionProblem.firstLine(e)) : problem.explain(e);
        }
        if (pooled) {
            new LoginProbe(url, SETTING).refuseSharedSessions();
            log.warn(
                    "A connection pooler answers at {}. It works as long as each client has a session of its own; the"
                            + " host and port of Postgres itself in DATABASE_URL are safer.",
                    url.address());
        }
    }
}
