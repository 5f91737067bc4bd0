package dev.walcast.server.attack;

import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// Commits a row every few milliseconds, each with the next number; every tenth belongs to another user.
final class SteadyWriter implements AutoCloseable {
    static final int FOREIGN = 10;

    private static final Duration PACE = Duration.ofMillis(10);

    private final TestPostgres postgres;
    private final HealthyClient reader;
    private final Thread thread;
    private volatile boolean over;
    private volatile long committed;
    private volatile boolean failed;

    /// Begins when its reader is there.
    SteadyWriter(TestPostgres postgres, long first, HealthyClient reader) {
        this.postgres = postgres;
        this.reader = reader;
        this.committed = first - 1;
        this.thread = Thread.ofPlatform().daemon().name("steady-writer").start(this::run);
    }

    /// The number of the last row that is certainly committed.
    long committed() {
        if (failed) {
            throw new IllegalStateException("the writer has failed");
        }
        return committed;
    }

    private void run() {
        while (!reader.isLive() && !over) {
            LockSupport.parkNanos(PACE.toNanos());
        }
        try (Connection connection = postgres.connect();
                PreparedStatement insert = connection.prepareStatement("insert into rows (n, owner) values (?, ?)")) {
            while (!over) {
                long next = committed + 1;
                insert.setLong(1, next);
                insert.setString(2, next % FOREIGN == 0 ? "another" : HealthyClient.USER);
                insert.execute();
                committed = next;
                LockSupport.parkNanos(PACE.toNanos());
            }
        } catch (SQLException e) {
            failed = true;
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join();
    }
}
