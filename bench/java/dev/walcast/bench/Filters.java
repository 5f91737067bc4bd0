package dev.walcast.bench;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.index.Target;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.values.ColumnType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;

/// Measures the cost of matching a change, by the number of subscriptions. No database and no sockets: the index alone.
final class Filters {
    static final Table MESSAGES = new Table(
            new TableId("public", "messages"),
            List.of(
                    new Column("id", new PgType.Scalar(20, "int8", JsonForm.NUMBER), true),
                    new Column("room_id", new PgType.Scalar(25, "text", JsonForm.TEXT), false),
                    new Column("author", new PgType.Scalar(25, "text", JsonForm.TEXT), false),
                    new Column("body", new PgType.Scalar(25, "text", JsonForm.TEXT), false),
                    new Column("n", new PgType.Scalar(23, "int4", JsonForm.NUMBER), false)));

    static final ColumnType.Collation COLLATION = new ColumnType.Collation(null, true, false, true);
    static final ColumnType TEXT =
            new ColumnType(25, "pg_catalog.text", "text", "text", 25, "pg_catalog.text", List.of(), null, COLLATION);
    static final ColumnType INT4 =
            new ColumnType(23, "pg_catalog.int4", "integer", "int4", 23, "pg_catalog.int4", List.of(), null, null);
    static final Map<String, ColumnType> TYPES = Map.of("room_id", TEXT, "author", TEXT, "body", TEXT, "n", INT4);

    /// These filters need nothing of Postgres.
    static final FilterResolver RESOLVER = new FilterResolver(new FilterDatabase() {
        @Override
        public String canonical(RoleSession session, ColumnType type, String value) {
            return value;
        }

        @Override
        public List<String> canonicalElements(RoleSession session, ColumnType type, String array) {
            return List.of(array.substring(1, array.length() - 1).split(","));
        }

        @Override
        public String operatorSchema(String operator, long left, long right) {
            return "pg_catalog";
        }

        @Override
        public void check(ColumnQuestion question, @org.jspecify.annotations.Nullable String value) {}
    });

    static final int ROUNDS = Boolean.getBoolean("quick") ? 1 : 3;

    static long matches;

    public static void main(String[] arguments) throws Exception {
        double few = perChange("room_id=eq.%d", 10, ROUNDS);
        double many = perChange("room_id=eq.%d", 1_000, ROUNDS);
        double most = perChange("room_id=eq.%d", 100_000, ROUNDS);
        Measured.say("one of N rooms matches, a change", "ns", "N = 10", few);
        Measured.say("one of N rooms matches, a change", "ns", "N = 1,000", many);
        Measured.say("one of N rooms matches, a change", "ns", "N = 100,000", most);
        double noMatch = perChange("room_id=eq.none-%d", 100_000, ROUNDS);
        Measured.say("none of 100,000 matches, a change", "ns", "N = 100,000", noMatch);
        double likes = perChange("body=like.%%needle-%d-%%", 10_000, ROUNDS);
        Measured.say("10,000 distinct LIKE filters, a change", "ms", "N = 10,000", likes / 1e6);
        double ranges = perChange("n=gt.%d", 10_000, ROUNDS);
        Measured.say("10,000 distinct n > k, a hundredth match, a change", "us", "N = 10,000", ranges / 1e3);
        double ins = perChange("room_id=in.(a%1$d,b%1$d,c%1$d)", 10_000, ROUNDS);
        Measured.say("10,000 distinct lists of three, a change", "ns", "N = 10,000", ins);
        memory();
    }

    static SubscriptionIndex<Integer> index(String filter, int count) throws Exception {
        SubscriptionIndex<Integer> index = new SubscriptionIndex<>();
        for (int i = 0; i < count; i++) {
            Predicate predicate =
                    RESOLVER.resolve(FilterParser.parse(String.format(filter, i)), TYPES::get, RoleSession.NO_ROLE);
            index.add(new SubscriptionIndex.Entry<>(
                    new Target.OneTable(MESSAGES.id()), EnumSet.allOf(ChangeEvent.class), predicate, i));
        }
        return index;
    }

    /// Nanoseconds, the median of some rounds after one to warm up.
    static double perChange(String filter, int subscriptions, int rounds) throws Exception {
        SubscriptionIndex<Integer> index = index(filter, subscriptions);
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            Row row = Row.of(MESSAGES)
                    .text(0, "" + i)
                    .text(1, "" + (i * 7919L) % subscriptions)
                    .text(2, "somebody")
                    .text(3, "a message of usual length, number " + i + ", about nothing in particular")
                    .text(4, "" + subscriptions / 100)
                    .build();
            changes.add(new Change.Insert(MESSAGES, new Position(new Lsn(1), i), new Commit(new Lsn(1), 1, 0), row));
        }
        List<Double> results = new ArrayList<>();
        for (int round = 0; round <= rounds; round++) {
            long began = System.nanoTime();
            long count = 0;
            while (System.nanoTime() - began < 1_000_000_000L) {
                for (Change change :
                        changes.subList(0, subscriptions > 1_000 && filter.startsWith("body") ? 20 : 1_000)) {
                    index.forEachMatch(change, (_, _) -> matches++);
                    count++;
                }
            }
            if (round > 0) {
                results.add((System.nanoTime() - began) / (double) count);
            }
        }
        results.sort(null);
        return results.get(results.size() / 2);
    }

    static void memory() throws Exception {
        int count = 100_000;
        long before = used();
        SubscriptionIndex<Integer> index = index("room_id=eq.%d", count);
        Measured.say("memory of a distinct subscription", "bytes", "N = 100,000", (used() - before) / (double) count);
        if (index.isEmpty()) {
            throw new IllegalStateException();
        }
    }

    static long used() throws Exception {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(100);
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
