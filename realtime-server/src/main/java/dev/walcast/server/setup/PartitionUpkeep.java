package dev.walcast.server.setup;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Creates the partitions of `realtime.messages` in advance, one for each day in UTC, and drops those older than the
/// retention. Of several servers only the one that holds the advisory lock works.
///
/// It touches only partitions that have the names it gives.
public final class PartitionUpkeep implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PartitionUpkeep.class);
    private static final DateTimeFormatter NAME = DateTimeFormatter.ofPattern("'messages_'uuuu_MM_dd");
    private static final int DAYS_AHEAD = 3;
    private static final Duration EVERY = Duration.ofHours(1);
    private static final Duration AFTER_A_FAILURE = Duration.ofMinutes(1);

    /// The advisory lock by which Walcast servers exclude each other.
    private static final long LOCK = 0x57616c63617374L;

    private static final String BEGIN = """
            select pg_catalog.set_config('lock_timeout', '2s', true), pg_catalog.pg_try_advisory_xact_lock(%d) as locked,
                   pg_catalog.set_config('role', pg_catalog.pg_get_userbyid(c.relowner), true)
              from pg_catalog.pg_class c where c.oid = 'realtime.messages'::pg_catalog.regclass""".formatted(LOCK);

    private static final String PARTITIONS = """
            select c.relname from pg_catalog.pg_inherits i join pg_catalog.pg_class c on c.oid = i.inhrelid
             where i.inhparent = 'realtime.messages'::pg_catalog.regclass""";

    private final DataSource dataSource;
    private final Clock clock;
    private final Duration retention;
    private final Duration every;
    private final CountDownLatch started = new CountDownLatch(1);
    private final Periodic periodic = new Periodic("keep-partitions", this::pause, ThreadStarter.VIRTUAL, new Upkeep());
    private volatile boolean well;
    private @Nullable String lastFailure;

    public PartitionUpkeep(DataSource dataSource, Clock clock, Duration retention) {
        this(dataSource, clock, retention, EVERY);
    }

    /// @param every the interval
    public PartitionUpkeep(DataSource dataSource, Clock clock, Duration retention, Duration every) {
        this.every = requireNonNull(every, "every is null");
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.clock = requireNonNull(clock, "clock is null");
        this.retention = requireNonNull(retention, "retention is null");
    }

    /// Runs once, and starts [#run] for later.
    public void start() {
        well = tryOnce();
        started.countDown();
    }

    /// Runs every hour after [#start], until closed. The connections declare their waits.
    public void watch(Supervisor supervisor) {
        periodic.startWithPause(supervisor);
    }

    private Duration pause() {
        return well ? every : AFTER_A_FAILURE;
    }

    private final class Upkeep implements Periodic.Work {
        @Override
        public void begin(TaskActivity activity) throws InterruptedException {
            // no bound: at the start the server may wait for its database
            try (TaskActivity.Span _ = activity.waits()) {
                started.await();
            }
        }

        @Override
        public void run(TaskActivity activity) {
            well = tryOnce();
        }
    }

    /// Logs a failure once, and its end once.
    private synchronized boolean tryOnce() {
        try {
            once();
            if (lastFailure != null) {
                log.info("The partitions of realtime.messages are maintained again");
                lastFailure = null;
            }
            return true;
        } catch (SQLException e) {
            String failure = String.valueOf(e.getMessage());
            if (!failure.equals(lastFailure)) {
                log.warn("The partitions of realtime.messages cannot be maintained; retried every minute: {}", failure);
                lastFailure = failure;
            }
            return false;
        }
    }

    /// @return the names of the partitions that were created or dropped; empty when another server holds the lock
    public List<String> once() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            try {
                List<String> touched = tryLock(statement) ? keep(connection, statement) : List.of();
                connection.commit();
                return touched;
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static boolean tryLock(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery(BEGIN)) {
            return row.next() && row.getBoolean("locked");
        }
    }

    private List<String> keep(Connection connection, Statement statement) throws SQLException {
        LocalDateTime now = LocalDateTime.ofInstant(clock.instant(), ZoneOffset.UTC);
        List<String> existing = partitions(connection);
        List<String> touched = new ArrayList<>();
        for (LocalDate day = now.toLocalDate().minusDays(1);
                !day.isAfter(now.toLocalDate().plusDays(DAYS_AHEAD));
                day = day.plusDays(1)) {
            if (!existing.contains(NAME.format(day)) && !isPast(day, now)) {
                statement.execute(createSql(day));
                touched.add(NAME.format(day));
            }
        }
        for (String name : existing) {
            LocalDate day = dayOf(name);
            if (day != null && isPast(day, now)) {
                statement.execute("drop table realtime." + name);
                touched.add(name);
            }
        }
        return touched;
    }

    private boolean isPast(LocalDate day, LocalDateTime now) {
        return !day.plusDays(1).atStartOfDay().plus(retention).isAfter(now);
    }

    private static List<String> partitions(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(PARTITIONS);
                ResultSet rows = statement.executeQuery()) {
            List<String> names = new ArrayList<>();
            while (rows.next()) {
                names.add(rows.getString(1));
            }
            return names;
        }
    }

    private static @Nullable LocalDate dayOf(String partition) {
        try {
            return LocalDate.parse(partition, NAME);
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /// Enables row-level security on the partition too, because default privileges may grant access to it.
    private static String createSql(LocalDate day) {
        String name = "realtime." + NAME.format(day);
        return "create table if not exists " + name + " partition of realtime.messages for values from ('" + day
                + "') to ('" + day.plusDays(1) + "'); alter table " + name + " enable row level security";
    }

    /// The SQL that the server would run first, for a script.
    static String sql(LocalDate today) {
        StringBuilder sql = new StringBuilder();
        for (int day = -1; day <= DAYS_AHEAD; day++) {
            sql.append(createSql(today.plusDays(day))).append(";\n");
        }
        return sql.toString();
    }

    @Override
    public void close() {
        periodic.close();
        started.countDown();
    }
}
