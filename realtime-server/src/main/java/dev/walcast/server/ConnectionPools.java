package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.supervisor.DeclaredWaits;
import dev.walcast.rls.question.PostgresRowEvaluator.AskTimeouts;
import dev.walcast.rls.session.IsolatedConnections;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.session.ServerTimeZone;
import dev.walcast.server.limits.SnapshotLimits;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import javax.sql.DataSource;

/// The connections to one database, in pools by purpose, so that a slow query delays only queries of its kind and
/// never the catalog. Code of database users, such as policies and filters, runs on the evaluation login's
/// connections.
final class ConnectionPools implements AutoCloseable {
    private static final Duration CATALOG_TIMEOUT = Duration.ofSeconds(10);
    private static final int CATALOG_SIZE = 8;
    private static final int FILTERS_SIZE = 4;
    /// Subscriptions with patterns that are resolved at once, plus two for questions about changes.
    private static final int PATTERNS_SIZE = 4;

    private static final int POLICIES_SIZE = 8;
    private static final int RIGHTS_SIZE = 2;
    private static final int TOPICS_SIZE = 8;
    private static final int HISTORY_SIZE = 4;
    private static final Duration TOPICS_TIMEOUT = Duration.ofSeconds(5);

    /// How much longer than a statement may run until a connection that does not answer is closed: a function may
    /// catch every cancellation.
    private static final Duration GRACE = Duration.ofSeconds(5);

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

    private final LongSupplier nanoTime;
    private final HikariDataSource catalog;
    private final HikariDataSource policies;
    private final HikariDataSource rights;
    private final HikariDataSource filters;
    private final HikariDataSource bypassingFilters;
    private final HikariDataSource patterns;
    private final HikariDataSource bypassingPatterns;
    private final HikariDataSource topics;
    private final HikariDataSource history;
    private final HikariDataSource snapshots;
    private final HikariDataSource bypassingSnapshots;
    private final List<HikariDataSource> evaluating;
    private final List<HikariDataSource> all;
    private final ServerTimeZone serverTimeZone;

    /// @param url        the server's login
    /// @param evaluation the login that evaluates policies and filters; equal to `url` when there is no other
    /// @param patience   how long Postgres may work on questions about changes
    /// @param nanoTime   a monotonic clock, in nanoseconds
    ConnectionPools(
            PostgresUrl url,
            PostgresUrl evaluation,
            AskTimeouts patience,
            SnapshotLimits limits,
            LongSupplier nanoTime) {
        requireNonNull(url, "url is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.catalog = own("catalog", url, CATALOG_SIZE, CATALOG_TIMEOUT);
        this.history = own("history", url, HISTORY_SIZE, TOPICS_TIMEOUT);
        String isolated = IsolatedConnections.initSql(patience.first(), url.user());
        Duration patient = patience.total().plus(GRACE);
        this.policies = evaluating("policies", evaluation, POLICIES_SIZE, isolated, patient);
        Duration bounded = CATALOG_TIMEOUT.plus(GRACE);
        this.rights = evaluating(
                "rights", url, RIGHTS_SIZE, IsolatedConnections.initSql(CATALOG_TIMEOUT, url.user()), bounded);
        String asClients = IsolatedConnections.filtersSql(CATALOG_TIMEOUT);
        Duration joining = CATALOG_TIMEOUT.plus(GRACE);
        this.filters = evaluating("filters", evaluation, FILTERS_SIZE, asClients, joining);
        Duration matching = patience.first().plus(GRACE);
        this.patterns = evaluating("patterns", evaluation, PATTERNS_SIZE, asClients, matching);
        this.topics =
                evaluating("topics", url, TOPICS_SIZE, sessionSettings(TOPICS_TIMEOUT), TOPICS_TIMEOUT.plus(GRACE));
        String reading = IsolatedConnections.initSql(limits.time(), url.user());
        Duration fetching = limits.time().plus(GRACE);
        this.snapshots = evaluating("snapshots", evaluation, limits.atOnce(), reading, fetching);
        boolean one = evaluation.equals(url);
        this.bypassingFilters = one ? filters : evaluating("filters-bypassrls", url, FILTERS_SIZE, asClients, joining);
        this.bypassingPatterns =
                one ? patterns : evaluating("patterns-bypassrls", url, PATTERNS_SIZE, asClients, matching);
        this.bypassingSnapshots =
                one ? snapshots : evaluating("snapshots-bypassrls", url, limits.atOnce(), reading, fetching);
        this.serverTimeZone = new ServerTimeZone(url.jdbcUrl(), url.ownProperties());
        this.evaluating = Stream.of(
                        policies,
                        rights,
                        filters,
                        bypassingFilters,
                        patterns,
                        bypassingPatterns,
                        topics,
                        snapshots,
                        bypassingSnapshots)
                .distinct()
                .toList();
        this.all = Stream.of(
                        catalog,
                        history,
                        policies,
                        rights,
                        filters,
                        bypassingFilters,
                        patterns,
                        bypassingPatterns,
                        topics,
                        snapshots,
                        bypassingSnapshots)
                .distinct()
                .toList();
    }

    private static String sessionSettings(Duration timeout) {
        return "set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = 'postgres';"
                + " set bytea_output = 'hex'; set extra_float_digits = 1; set standard_conforming_strings = on;"
                + " set client_connection_check_interval = '1s'; set statement_timeout = "
                + timeout.toMillis();
    }

    /// For the server's own statements, which must use no operator or function of a user.
    private static HikariDataSource own(String name, PostgresUrl url, int size, Duration timeout) {
        HikariConfig config = config(name, url, size, sessionSettings(timeout));
        config.setMinimumIdle(1);
        config.addDataSourceProperty("currentSchema", "pg_catalog");
        config.addDataSourceProperty(
                "socketTimeout", Long.toString(timeout.plus(GRACE).toSeconds()));
        return new HikariDataSource(config);
    }

    /// For statements that run users' code.
    private static HikariDataSource evaluating(
            String name, PostgresUrl url, int size, String initSql, Duration silence) {
        HikariConfig config = config(name, url, size, initSql);
        boolean snapshots = name.startsWith("snapshots");
        config.setMinimumIdle(snapshots || name.equals("patterns") || name.endsWith("-bypassrls") ? 0 : 1);
        // Never a plan made for another viewer: functions declared immutable are evaluated during planning.
        config.addDataSourceProperty("prepareThreshold", "0");
        // Values as Postgres prints them, not as the driver formats them.
        config.addDataSourceProperty("binaryTransfer", snapshots ? "false" : "true");
        config.addDataSourceProperty("socketTimeout", Long.toString(silence.toSeconds()));
        return new HikariDataSource(config);
    }

    private static HikariConfig config(String name, PostgresUrl url, int size, String initSql) {
        HikariConfig config = new HikariConfig();
        config.setPoolName(name);
        config.setJdbcUrl(url.jdbcUrl());
        config.setDataSourceProperties(url.properties());
        config.setMaximumPoolSize(size);
        config.setConnectionTimeout(Duration.ofSeconds(10).toMillis());
        // The source makes the first connection; it can explain failures.
        config.setInitializationFailTimeout(-1);
        config.setConnectionInitSql(initSql);
        return config;
    }

    /// For the catalog, as the server's login. Supervised threads declare these waits. A wait is bounded by the time
    /// to get a connection (10 s), the statement timeout (10 s) and the socket timeout (15 s).
    DataSource catalog() {
        return DeclaredWaits.of(catalog);
    }

    /// For reading filters when a client subscribes, and for deciding filters about a change.
    RoleConnections filters() {
        return new RoleConnections(filters, bypassingFilters, nanoTime);
    }

    /// For filters with patterns, which may take long. Connections are created as needed.
    RoleConnections patterns() {
        return new RoleConnections(patterns, bypassingPatterns, nanoTime);
    }

    /// For policies. Names resolve in `pg_catalog` only.
    HikariDataSource policies() {
        return policies;
    }

    /// For reading rights and policies. Never waits for a question about them. Its waits are declared and bounded
    /// like those of the catalog.
    DataSource rights() {
        return DeclaredWaits.of(rights);
    }

    /// For stored messages of private channels, as the server's login.
    HikariDataSource history() {
        return history;
    }

    /// For rights on private topics. Uses the server's login, which must bypass the policies of `realtime.messages`.
    HikariDataSource topics() {
        return topics;
    }

    /// For the rows of snapshots. Connections are created as needed, up to the number of snapshots at once.
    RoleConnections snapshots() {
        return new RoleConnections(snapshots, bypassingSnapshots, nanoTime);
    }

    /// Uses a connection of its own, rarely.
    /// All pools, each once.
    List<HikariDataSource> all() {
        return all;
    }

    ServerTimeZone serverTimeZone() {
        return serverTimeZone;
    }

    /// Replaces the connections that read rights or run users' code. Each is closed as soon as it is not in use.
    void renew() {
        evaluating.forEach(pool -> {
            HikariPoolMXBean connections = pool.getHikariPoolMXBean();
            if (connections != null) {
                connections.softEvictConnections();
            }
        });
    }

    /// Waits for at most a second, because a pool does not end while it connects to a host that does not answer.
    @Override
    public void close() {
        List<Thread> closing = all.stream()
                .map(pool ->
                        Thread.ofVirtual().name("close-" + pool.getPoolName()).start(pool::close))
                .toList();
        long deadline = nanoTime.getAsLong() + CLOSE_TIMEOUT.toNanos();
        try {
            for (Thread thread : closing) {
                thread.join(Duration.ofNanos(Math.max(1, deadline - nanoTime.getAsLong())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
