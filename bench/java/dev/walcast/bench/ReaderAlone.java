package dev.walcast.bench;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/// Runs a reader without listeners: the most that a feed can deliver with it. Prints how many rows it has seen at each
/// transaction of one row, which ends a measurement. Arguments: reader, postgres:// URL, slot; ends with its input.
public final class ReaderAlone {
    private ReaderAlone() {}

    public static void main(String[] arguments) throws Exception {
        SourceConfig config = SourceConfig.of(PostgresUrl.parse(arguments[1]), "supabase_realtime", arguments[2]);
        try (SlotSource source = arguments[0].toLowerCase(Locale.ROOT).equals("native")
                ? new PgoutputChangeSource(config, System::nanoTime, InstantSource.system())
                : new DebeziumChangeSource(config, System::nanoTime)) {
            source.start(new Counter());
            while (System.in.read() >= 0) {}
        }
        System.exit(0);
    }

    /// Acknowledges as the server does: all at once, each second.
    private static final class Counter implements ChangeListener {
        private final Deque<Runnable> handled = new ArrayDeque<>();
        private long rows;
        private long acknowledgedNanos = System.nanoTime();

        @Override
        public void onTransaction(Transaction transaction) {
            handled.push(transaction.defer());
            if (System.nanoTime() - acknowledgedNanos > 1_000_000_000L) {
                handled.forEach(Runnable::run);
                handled.clear();
                acknowledgedNanos = System.nanoTime();
            }
            long before = rows;
            transaction.forEach(_ -> rows++);
            if (rows == before + 1) {
                System.out.println("rows " + rows);
            }
        }

        @Override
        public void onState(SourceState state) {
            if (state instanceof SourceState.Streaming) {
                System.out.println("reading");
            }
        }
    }
}
