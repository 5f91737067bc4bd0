package dev.walcast.server.chaos;

import static java.util.Objects.requireNonNull;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;

/// Writes transactions of all kinds until it is closed, through every crash. Writers touch only their own rows,
/// except the counters.
final class ChaosWriter implements AutoCloseable {
    private static final long IDS = 10_000_000;
    private static final int LARGE = 300;

    /// More rows than a server keeps in memory of a transaction: clients that were offline during it receive
    /// `expired`.
    private static final int HUGE = 8_000;

    /// Older rows are deleted now and then.
    private static final int KEPT = 3_000;

    private final ChaosDatabase database;
    private final RandomGenerator random;
    private final long firstId;
    private final Thread thread;

    final AtomicLong committed = new AtomicLong();
    final AtomicInteger failed = new AtomicInteger();

    private volatile boolean over;
    private long nextId;

    ChaosWriter(ChaosDatabase database, RandomGenerator random, int number) {
        this.database = requireNonNull(database, "database is null");
        this.random = requireNonNull(random, "random is null");
        this.firstId = number * IDS;
        this.nextId = firstId;
        this.thread = Thread.ofVirtual().name("chaos-writer").start(this::run);
    }

    private void run() {
        while (!over) {
            try (Connection connection = database.postgres().connect();
                    Statement statement = connection.createStatement()) {
                connection.setAutoCommit(false);
                statement.execute("set statement_timeout = '20s'");
                connection.commit();
                while (!over) {
                    transaction(connection, statement);
                    LockSupport.parkNanos(random.nextLong(Duration.ofMillis(12).toNanos()));
                }
            } catch (SQLException _) {
                failed.incrementAndGet();
                LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
            }
        }
    }

    private void transaction(Connection connection, Statement statement) throws SQLException {
        int kind = random.nextInt(3_000);
        if (kind < 15) {
            insertMany(statement, kind == 0 ? HUGE : LARGE);
        } else if (kind < 25) {
            statement.execute("delete from items where id between " + firstId + " and " + (nextId - KEPT));
            statement.execute("delete from notes where id between " + firstId + " and " + (nextId - KEPT));
        } else {
            int statements = 1 + random.nextInt(random.nextInt(8) == 0 ? 20 : 3);
            for (int i = 0; i < statements; i++) {
                statement.execute(statement());
            }
        }
        if (random.nextInt(12) == 0) {
            connection.rollback();
        } else {
            connection.commit();
            committed.incrementAndGet();
        }
    }

    private void insertMany(Statement statement, int rows) throws SQLException {
        long last = nextId + rows - 1;
        statement.execute("insert into items select n, n % " + ChaosDatabase.ROOMS
                + ", n % 100, repeat(md5(n::text), 4) from generate_series(" + nextId + ", " + last + ") n");
        statement.execute(
                "update items set v = 99 - v where id between " + nextId + " and " + last + " and id % 3 = 0");
        nextId += rows;
    }

    private String statement() {
        return switch (random.nextInt(10)) {
            case 0, 1 -> "update counters set n = n + 1 where id = " + (1 + random.nextInt(ChaosDatabase.COUNTERS));
            case 2, 3 ->
                "insert into items values (" + nextId++ + ", " + random.nextInt(ChaosDatabase.ROOMS) + ", "
                        + random.nextInt(100) + ", '" + "x".repeat(random.nextInt(40)) + "')";
            case 4 -> "update items set room = " + random.nextInt(ChaosDatabase.ROOMS) + " where id = " + anyId();
            case 5 -> "update items set v = " + random.nextInt(100) + " where id = " + anyId();
            case 6 -> "delete from items where id = " + anyId();
            case 7 -> "insert into notes values (" + nextId++ + ", '" + anyUser() + "', " + body() + ")";
            case 8 ->
                random.nextBoolean()
                        ? "update notes set owner = '" + anyUser() + "' where id = " + anyId()
                        : "update notes set body = " + body() + " where id = " + anyId();
            default -> "delete from notes where id = " + anyId();
        };
    }

    private String anyUser() {
        return ChaosDatabase.USERS.get(random.nextInt(ChaosDatabase.USERS.size()));
    }

    /// Some are stored out of line, so that an UPDATE of something else does not carry them.
    private String body() {
        return random.nextInt(10) == 0
                ? "(select string_agg(md5(random()::text), '') from generate_series(1, 200))"
                : "'" + random.nextInt() + "'";
    }

    /// Of the latest more often.
    private long anyId() {
        long span = nextId - firstId;
        long recent = Math.min(span, random.nextBoolean() ? 50 : 5_000);
        return nextId - 1 - (recent == 0 ? 0 : random.nextLong(recent));
    }

    @Override
    public void close() throws InterruptedException {
        over = true;
        thread.join();
    }
}
