package dev.walcast.rls;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.rls.session.IsolatedConnections;
import java.time.Duration;
import javax.sql.DataSource;

/// Pools of connections to a test's Postgres, set up as in the server.
public final class TestDataSources implements AutoCloseable {
    private final HikariDataSource asClients;
    private final HikariDataSource isolated;

    /// Opens the pools.
    public TestDataSources(int port, String database) {
        this.asClients = pool(port, database, IsolatedConnections.filtersSql(Duration.ofSeconds(5)));
        this.isolated = pool(port, database, IsolatedConnections.initSql(Duration.ofSeconds(5)));
    }

    /// Replaces all connections.
    public void renew() {
        asClients.getHikariPoolMXBean().softEvictConnections();
        isolated.getHikariPoolMXBean().softEvictConnections();
    }

    private static HikariDataSource pool(int port, String database, String initSql) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:postgresql://127.0.0.1:" + port + "/" + database + "?user=postgres&prepareThreshold=0");
        config.setMaximumPoolSize(2);
        config.setMinimumIdle(0);
        config.setConnectionInitSql(initSql);
        return new HikariDataSource(config);
    }

    /// Returns connections with the settings of clients.
    public DataSource asClients() {
        return asClients;
    }

    /// Returns connections set up by `IsolatedConnections`.
    public DataSource isolated() {
        return isolated;
    }

    @Override
    public void close() {
        asClients.close();
        isolated.close();
    }
}
