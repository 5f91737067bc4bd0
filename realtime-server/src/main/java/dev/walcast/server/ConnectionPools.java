package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.rls.IsolatedConnections;
import dev.walcast.server.changes.SnapshotLimits;
import java.time.Duration;
import java.util.Set;

/// The connections to one database, by what they are for, so that a slow question never waits for, or delays, the
/// catalog.
final class ConnectionPools implements AutoCloseable {
    private static final Duration CATALOG_TIMEOUT = Duration.ofSeconds(10);
    private static final int CATALOG_SIZE = 8;
    private static final int FILTERS_SIZE = 2;
    private static final int POLICIES_SIZE = 4;
    private static final int RIGHTS_SIZE = 2;
    private static final int TOPICS_SIZE = 8;
    private static final Duration TOPICS_TIMEOUT = Duration.ofSeconds(5);

    /// On whose connections anybody's claims are tried out.
    private static final Set<String> WITHOUT_PREPARED = Set.of("policies", "topics", "snapshots");

    private final HikariDataSource catalog;
    private final HikariDataSource filters;
    private final HikariDataSource policies;
    private final HikariDataSource rights;
    private final HikariDataSource topics;
    private final HikariDataSource snapshots;

    /// @param askTimeout how long a question about a change may take
    ConnectionPools(PostgresUrl url, Duration askTimeout, SnapshotLimits limits) {
        requireNonNull(url, "url is null");
        this.catalog = pool("catalog", url, CATALOG_SIZE, asClientsHaveThem(CATALOG_TIMEOUT));
        this.filters = pool("filters", url, FILTERS_SIZE, asClientsHaveThem(askTimeout));
        this.policies = pool("policies", url, POLICIES_SIZE, IsolatedConnections.initSql(askTimeout));
        this.rights = pool("rights", url, RIGHTS_SIZE, IsolatedConnections.initSql(CATALOG_TIMEOUT));
        this.topics = pool("topics", url, TOPICS_SIZE, asClientsHaveThem(TOPICS_TIMEOUT));
        this.snapshots = pool("snapshots", url, limits.atOnce(), asClientsHaveThem(limits.time()));
    }

    private static String asClientsHaveThem(Duration timeout) {
        return "set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = 'postgres';"
                + " set bytea_output = 'hex'; set extra_float_digits = 1; set statement_timeout = "
                + timeout.toMillis();
    }

    private static HikariDataSource pool(String name, PostgresUrl url, int size, String initSql) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(url.jdbcUrl());
        config.setDataSourceProperties(url.properties());
        // Never a plan that was made for somebody else: functions that call themselves immutable are computed in
        // planning.
        config.addDataSourceProperty("prepareThreshold", WITHOUT_PREPARED.contains(name) ? "0" : "5");
        // Values as Postgres prints them, not as the driver does.
        config.addDataSourceProperty("binaryTransfer", name.equals("snapshots") ? "false" : "true");
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(name.equals("snapshots") ? 0 : 1);
        config.setConnectionTimeout(Duration.ofSeconds(10).toMillis());
        // The first connection is made by the source, which can say what is wrong with it.
        config.setInitializationFailTimeout(-1);
        config.setConnectionInitSql(initSql);
        return new HikariDataSource(config);
    }

    /// For the catalog, and for reading filters when somebody subscribes.
    HikariDataSource catalog() {
        return catalog;
    }

    /// For what filters leave open about a change.
    HikariDataSource filters() {
        return filters;
    }

    /// For policies: names resolve in `pg_catalog` only.
    HikariDataSource policies() {
        return policies;
    }

    /// For reading rights and policies, which never waits for a question about them.
    HikariDataSource rights() {
        return rights;
    }

    /// For private channels: who may do what on a topic, and what was stored for it.
    HikariDataSource topics() {
        return topics;
    }

    /// For rows that clients begin with: as many as may be read at once, made when they are needed.
    HikariDataSource snapshots() {
        return snapshots;
    }

    @Override
    public void close() {
        catalog.close();
        filters.close();
        policies.close();
        rights.close();
        topics.close();
        snapshots.close();
    }
}
