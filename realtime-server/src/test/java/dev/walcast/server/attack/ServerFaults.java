package dev.walcast.server.attack;

import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Faults that hit a server without any bad client.
final class ServerFaults {
    private static final int ROWS_OF_A_LARGE_TRANSACTION = 200_000;

    private final TestPostgres postgres;
    private final ServerUnderAttack server;
    private final SmallDisk disk;
    private final Target target;

    ServerFaults(TestPostgres postgres, ServerUnderAttack server, SmallDisk disk, Target target) {
        this.postgres = postgres;
        this.server = server;
        this.disk = disk;
        this.target = target;
    }

    /// Returns when it is over.
    ///
    /// @param share of the usual number of rows
    void happen(Kind kind, Duration time, double share) throws Exception {
        try (Wire listener = target.socket()) {
            Thread.startVirtualThread(() -> listen(listener));
            switch (kind) {
                case LOCKED_NEIGHBOUR -> {
                    postgres.execute("insert into neighbours select n, 'v' || n from generate_series(1, 500) n"
                            + " on conflict (id) do update set v = neighbours.v || 'v'");
                    lock("neighbours, allowed", time);
                }
                case LOCKED_TABLE -> lock("rows", time);
                case LOCKED_CATALOG -> lock("pg_catalog.pg_policy, pg_catalog.pg_class", time);
                case KILL -> {
                    server.kill();
                    LockSupport.parkNanos(time.toNanos());
                }
                case FULL_DISK -> {
                    disk.fill();
                    insertMuch(20_000);
                    LockSupport.parkNanos(time.toNanos());
                    disk.free();
                }
                case LARGE_TRANSACTION -> {
                    insertMuch((int) (ROWS_OF_A_LARGE_TRANSACTION * share));
                    LockSupport.parkNanos(time.toNanos());
                }
                default -> throw new IllegalArgumentException(kind + " is no bad day");
            }
        }
    }

    private void insertMuch(int rows) {
        postgres.execute("insert into bulk select n, repeat('v', 200) from generate_series(1, " + rows + ") n");
    }

    private void lock(String tables, Duration time) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table " + tables + " in access exclusive mode");
            LockSupport.parkNanos(time.toNanos());
            connection.rollback();
        }
    }

    /// To the tables that are locked, or written much to.
    private static void listen(Wire wire) {
        try {
            for (String table : new String[] {"neighbours", "bulk"}) {
                wire.text("[\"1\",\"1\",\"realtime:day-" + table
                        + "\",\"phx_join\",{\"config\":{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\""
                        + table + "\"}]}}]");
            }
            wire.drain();
        } catch (java.io.IOException _) {
            // Its time is over.
        }
    }
}
