package dev.walcast.bench;

import static java.util.Objects.requireNonNull;

import com.sun.management.OperatingSystemMXBean;
import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Both readers beside pg_recvlogical, on the same rows in the same run: rows a second, CPU for each row, latency, idle
/// CPU. No sockets, no subscribers. Argument: postgres:// URL of a superuser on a database of its own.
final class Readers {
    static final boolean QUICK = Boolean.getBoolean("quick");
    static final int ROUNDS = QUICK ? 1 : 3;

    enum Kind {
        NATIVE,
        DEBEZIUM;

        SlotSource source(SourceConfig config) {
            return switch (this) {
                case NATIVE -> new PgoutputChangeSource(config, System::nanoTime, InstantSource.system());
                case DEBEZIUM -> new DebeziumChangeSource(config, System::nanoTime);
            };
        }
    }

    record Workload(String name, int rows, String statement) {}

    static final Workload[] WORKLOADS = {
        workload(QUICK ? 50 : 500, 1_000, """
                do $$ begin for i in 1..%d loop
                  insert into items (name, price, note) select 'item ' || n, n / 3.0, repeat('n', 20) from generate_series(1, 1000) n;
                  commit;
                end loop; end $$"""), workload(QUICK ? 20_000 : 200_000, 1, """
                do $$ begin for i in 1..%d loop
                  insert into items (name, price, note) values ('item ' || i, i / 3.0, 'nnnnnnnnnnnnnnnnnnnn');
                  commit;
                end loop; end $$"""),
    };

    static Workload workload(int transactions, int rows, String statement) {
        return new Workload(
                String.format(Locale.ROOT, "%,d transactions of %,d rows", transactions, rows),
                transactions * rows,
                String.format(Locale.ROOT, statement, transactions));
    }

    final String url;
    final Connection connection;
    final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    Readers(String url) throws Exception {
        this.url = url;
        this.connection = connect();
    }

    public static void main(String[] arguments) throws Exception {
        Readers readers = new Readers(arguments[0]);
        readers.execute(
                "create table items (id bigint generated always as identity primary key, name text, price numeric, note text,"
                        + " made timestamptz default now())",
                "create publication items_only for table items",
                "set synchronous_commit = off");
        for (Workload workload : WORKLOADS) {
            readers.throughput(workload);
        }
        // Without it a commit reaches the log up to 200 ms later.
        readers.execute("set synchronous_commit = on");
        for (Kind kind : Kind.values()) {
            readers.latency(kind);
        }
        System.exit(0);
    }

    Connection connect() throws Exception {
        PostgresUrl parsed = PostgresUrl.parse(url);
        return DriverManager.getConnection(parsed.jdbcUrl(), parsed.properties());
    }

    void execute(String... statements) throws Exception {
        try (Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    String ask(String query) throws Exception {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(query)) {
            row.next();
            return row.getString(1);
        }
    }

    /// Every reading has a slot of its own, from before the rows were written; the readings take turns.
    void throughput(Workload workload) throws Exception {
        List<String> slots = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            for (String reader : List.of("native", "debezium", "pg_recvlogical")) {
                slots.add(reader + "_" + round);
                execute("select pg_create_logical_replication_slot('" + slots.getLast() + "', 'pgoutput')");
            }
        }
        execute(workload.statement, "checkpoint");
        String end = ask("select pg_current_wal_flush_lsn()");
        execute("select pg_logical_emit_message(false, 'end', '')");
        double[] nativeRates = new double[ROUNDS];
        double[] debeziumRates = new double[ROUNDS];
        double[] plainRates = new double[ROUNDS];
        double[] nativeMicros = new double[ROUNDS];
        double[] debeziumMicros = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            read(Kind.NATIVE, workload, round, nativeRates, nativeMicros);
            plainRates[round] = workload.rows / plainSeconds("pg_recvlogical_" + round, end);
            read(Kind.DEBEZIUM, workload, round, debeziumRates, debeziumMicros);
        }
        // with the marks that the readers keep beside theirs
        for (String slot : slots) {
            execute(
                    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where starts_with(slot_name, '"
                            + slot + "')");
        }
        double plain = median(plainRates);
        String rate = workload.name + ", rows a second";
        Measured.say(rate, "rows/s", "pg_recvlogical", plain);
        Measured.say(rate, "rows/s", "native", median(nativeRates));
        Measured.say(rate, "rows/s", "debezium", median(debeziumRates));
        String cost = workload.name + ", CPU a row";
        Measured.say(cost, "us", "native", median(nativeMicros));
        Measured.say(cost, "us", "debezium", median(debeziumMicros));
    }

    /// From the start of the source, its checks and connections included, to the last row.
    void read(Kind kind, Workload workload, int round, double[] rates, double[] micros) throws Exception {
        CountDownLatch all = new CountDownLatch(1);
        long[] seen = {0};
        long cpu = system.getProcessCpuTime();
        long began = System.nanoTime();
        try (SlotSource source = kind.source(config(kind.name().toLowerCase(Locale.ROOT) + "_" + round))) {
            source.start(new Listener(transaction -> {
                transaction.forEach(change -> seen[0]++);
                if (seen[0] == workload.rows) {
                    all.countDown();
                }
            }));
            if (!all.await(300, TimeUnit.SECONDS)) {
                throw new IllegalStateException(kind + " delivered " + seen[0] + " of " + workload.rows);
            }
            rates[round] = workload.rows / ((System.nanoTime() - began) / 1e9);
            micros[round] = (system.getProcessCpuTime() - cpu) / 1e3 / workload.rows;
        }
    }

    double plainSeconds(String slot, String end) throws Exception {
        long began = System.nanoTime();
        Process process = new ProcessBuilder(
                        "pg_recvlogical",
                        "-d",
                        url,
                        "--slot",
                        slot,
                        "--start",
                        "-f",
                        "/dev/null",
                        "--endpos",
                        end,
                        "-o",
                        "proto_version=1",
                        "-o",
                        "publication_names=items_only")
                .inheritIO()
                .start();
        if (!process.waitFor(300, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new IllegalStateException("pg_recvlogical failed");
        }
        return (System.nanoTime() - began) / 1e9;
    }

    void latency(Kind kind) throws Exception {
        LinkedBlockingQueue<Long> arrivals = new LinkedBlockingQueue<>();
        try (SlotSource source = kind.source(config("latency_" + kind.name().toLowerCase(Locale.ROOT)))) {
            source.start(new Listener(transaction -> transaction.forEach(change -> arrivals.add(System.nanoTime()))));
            double[] latencies = new double[QUICK ? 300 : 2_000];
            double[] statements = new double[latencies.length];
            try (Statement statement = connection.createStatement()) {
                for (int i = QUICK ? -100 : -300; i < latencies.length; i++) {
                    TimeUnit.MILLISECONDS.sleep(10);
                    long began = System.nanoTime();
                    statement.execute("insert into items (name) values ('x')");
                    long written = System.nanoTime();
                    long arrived = requireNonNull(arrivals.poll(10, TimeUnit.SECONDS), "nothing arrived");
                    if (i >= 0) {
                        latencies[i] = (arrived - began) / 1e6;
                        statements[i] = (written - began) / 1e6;
                    }
                }
            }
            Arrays.sort(latencies);
            Arrays.sort(statements);
            TimeUnit.SECONDS.sleep(2);
            long cpu = system.getProcessCpuTime();
            TimeUnit.SECONDS.sleep(10);
            double idle = (system.getProcessCpuTime() - cpu) / 1e9 / 10 * 100;
            String who = kind.name().toLowerCase(Locale.ROOT);
            Measured.say("INSERT to listener at 100/s, p50", "ms", who, at(latencies, 0.5));
            Measured.say("INSERT to listener at 100/s, p99", "ms", who, at(latencies, 0.99));
            Measured.say("the INSERT alone, p50", "ms", who, at(statements, 0.5));
            Measured.say("idle CPU", "% of a core", who, idle);
        }
    }

    SourceConfig config(String slot) {
        return SourceConfig.of(PostgresUrl.parse(url), "items_only", slot);
    }

    record Listener(java.util.function.Consumer<Transaction> action) implements ChangeListener {
        @Override
        public void onTransaction(Transaction transaction) {
            action.accept(transaction);
        }

        @Override
        public void onState(SourceState state) {}
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    static double at(double[] sorted, double share) {
        return sorted[(int) (sorted.length * share)];
    }
}
