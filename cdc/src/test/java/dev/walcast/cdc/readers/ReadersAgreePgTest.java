package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.RenderVectors;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Sends one random workload through both readers, each with a slot of its own. The changes are equal in
/// everything, including positions, so that one reader can take over from the other.
/// `-Dwalcast.fuzz.cases=20000` makes a long run. The seed is printed; `-Dwalcast.fuzz.seed` repeats a run.
class ReadersAgreePgTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 400);
    private static final int CASES_AT_ONCE = 100;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final List<String> differences = new ArrayList<>();
    private long compared;

    @Test
    void bothReadersDeliverTheSameChanges() throws Exception {
        System.out.println("readers agree: seed " + seed + ", " + CASES + " transactions");
        RecordingListener debezium = new RecordingListener();
        RecordingListener own = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start(Map.of("max_prepared_transactions", "10"))) {
            RenderVectors.prepare(postgres);
            postgres.execute("create table public.marker (id int primary key)");
            try (SlotSource first = Reader.DEBEZIUM.source(config(postgres, "one"));
                    SlotSource second = Reader.NATIVE.source(config(postgres, "two"));
                    Connection connection = postgres.connect()) {
                first.start(debezium);
                second.start(own);
                RandomWorkload workload = new RandomWorkload(new Random(seed), connection);
                workload.createTables();
                for (int done = 0; done < CASES && differences.isEmpty(); done += CASES_AT_ONCE) {
                    for (int i = 0; i < CASES_AT_ONCE; i++) {
                        workload.step();
                    }
                    mark(connection, done);
                    awaitMark(debezium, done);
                    awaitMark(own, done);
                    compare(debezium.changes, own.changes);
                    workload.changeIdentities();
                }
            }
        }
        System.out.println("readers agree: " + compared + " changes compared");
        assertThat(differences).as("seed " + seed).isEmpty();
        assertThat(debezium.states).noneMatch(SourceState.Reconnecting.class::isInstance);
        assertThat(own.states).noneMatch(SourceState.Reconnecting.class::isInstance);
    }

    private static SourceConfig config(TestPostgres postgres, String slot) {
        return SourceConfig.of(PostgresUrl.parse(postgres.url()), "everything", slot);
    }

    private static void mark(Connection connection, int mark) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute("insert into public.marker values (" + mark + ")");
        }
    }

    private static void awaitMark(RecordingListener listener, int mark) {
        await().atMost(Duration.ofSeconds(120)).until(() -> {
            Change last = listener.changes.isEmpty() ? null : listener.changes.getLast();
            return last instanceof Change.Insert insert
                    && insert.table().id().name().equals("marker")
                    && String.valueOf(mark).equals(insert.newRow().text(0));
        });
    }

    private void compare(List<Change> debezium, List<Change> own) {
        int count = Math.min(debezium.size(), own.size());
        for (int i = 0; i < count && differences.size() < 10; i++) {
            compare(debezium.get(i), own.get(i));
        }
        if (debezium.size() != own.size()) {
            differences.add(debezium.size() + " changes against " + own.size());
        }
        compared += count;
        debezium.clear();
        own.clear();
    }

    private void compare(Change expected, Change actual) {
        boolean same = expected.getClass() == actual.getClass()
                && expected.position().equals(actual.position())
                && expected.commit().equals(actual.commit())
                && expected.table().id().equals(actual.table().id())
                && byName(expected.table().columns())
                        .equals(byName(actual.table().columns()))
                && same(oldRow(expected), oldRow(actual))
                && same(newRow(expected), newRow(actual));
        if (!same) {
            differences.add(shown(expected) + "\n  against " + shown(actual));
        }
    }

    private static String shown(Change change) {
        return change.getClass().getSimpleName() + " " + change.table().id() + " "
                + change.table().columns() + " at " + change.position() + " " + change.commit() + " old "
                + oldRow(change) + " new " + newRow(change);
    }

    /// Removes the column numbers. How much a reader can prove of them depends on the time at which it read the
    /// catalog.
    private static List<Column> byName(List<Column> columns) {
        return columns.stream()
                .map(column -> new Column(column.name(), column.type(), column.identity()))
                .toList();
    }

    private static boolean same(@Nullable Row expected, @Nullable Row actual) {
        if (expected == null || actual == null) {
            return expected == actual;
        }
        List<Column> columns = expected.table().columns();
        for (int i = 0; i < columns.size(); i++) {
            MissingReason missing = expected.missing(i);
            if (missing != actual.missing(i)
                    || expected.isNull(i) != actual.isNull(i)
                    || !String.valueOf(expected.text(i)).equals(String.valueOf(actual.text(i)))) {
                return false;
            }
        }
        return true;
    }

    private static @Nullable Row oldRow(Change change) {
        return switch (change) {
            case Change.Update update -> update.oldRow();
            case Change.Delete delete -> delete.oldRow();
            default -> null;
        };
    }

    private static @Nullable Row newRow(Change change) {
        return switch (change) {
            case Change.Insert insert -> insert.newRow();
            case Change.Update update -> update.newRow();
            default -> null;
        };
    }
}
