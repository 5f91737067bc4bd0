package dev.walcast.server.metrics;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;

/// The pools of connections to Postgres.
public record PoolMetrics(List<HikariDataSource> pools) implements Consumer<PrometheusRegistry> {
    public PoolMetrics {
        pools = List.copyOf(pools);
    }

    @Override
    public void accept(PrometheusRegistry registry) {
        GaugeWithCallback.builder()
                .name("walcast_pool_connections")
                .help("Connections to Postgres.")
                .labelNames("pool", "state")
                .callback(callback -> {
                    read(HikariPoolMXBean::getActiveConnections, (pool, n) -> callback.call(n, pool, "active"));
                    read(HikariPoolMXBean::getIdleConnections, (pool, n) -> callback.call(n, pool, "idle"));
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name("walcast_pool_connections_max")
                .help("The size of the pool.")
                .labelNames("pool")
                .callback(
                        callback -> pools.forEach(pool -> callback.call(pool.getMaximumPoolSize(), pool.getPoolName())))
                .register(registry);
        GaugeWithCallback.builder()
                .name("walcast_pool_waiting")
                .help("Threads that wait for a connection.")
                .labelNames("pool")
                .callback(callback ->
                        read(HikariPoolMXBean::getThreadsAwaitingConnection, (pool, n) -> callback.call(n, pool)))
                .register(registry);
    }

    private interface Reading {
        void read(String pool, int number);
    }

    /// A pool that has not connected yet has no numbers.
    private void read(ToIntFunction<HikariPoolMXBean> number, Reading reading) {
        for (HikariDataSource pool : pools) {
            HikariPoolMXBean numbers = pool.getHikariPoolMXBean();
            reading.read(pool.getPoolName(), numbers == null ? 0 : number.applyAsInt(numbers));
        }
    }
}
