package dev.walcast.filters.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.Comparison;
import dev.walcast.filters.values.TestTypes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class SubscriptionIndexTest {
    private static final PgType INT4 = new PgType.Scalar(23, "int4", JsonForm.NUMBER);
    private static final PgType TEXT = new PgType.Scalar(25, "text", JsonForm.TEXT);
    private static final Table MESSAGES = new Table(
            new TableId("public", "messages"),
            List.of(new Column("id", INT4, true), new Column("room", TEXT, false), new Column("n", INT4, false)));
    private static final Commit COMMIT = new Commit(new Lsn(1), 1, 0);
    private static final Set<ChangeEvent> ALL = EnumSet.allOf(ChangeEvent.class);

    private final SubscriptionIndex<String> index = new SubscriptionIndex<>();

    @Test
    void findsFilteredUnfilteredAndWildcardSubscriptions() {
        add(new Target.OneTable(MESSAGES.id()), Predicate.Constant.ALWAYS, "table");
        add(new Target.OneSchema("public"), Predicate.Constant.ALWAYS, "schema");
        add(new Target.AnySchema("messages"), Predicate.Constant.ALWAYS, "any schema");
        add(new Target.AllTables(), Predicate.Constant.ALWAYS, "all");
        add(new Target.OneTable(MESSAGES.id()), room("general"), "general");
        add(new Target.OneTable(MESSAGES.id()), room("random"), "random");
        add(new Target.OneTable(new TableId("public", "other")), Predicate.Constant.ALWAYS, "other table");
        add(new Target.OneSchema("other"), Predicate.Constant.ALWAYS, "other schema");

        assertThat(matches(insert("1", "general", "5")))
                .containsExactlyInAnyOrder("table", "schema", "any schema", "all", "general");
    }

    @Test
    void nullAndMissingValuesMeetNoTerm() {
        add(new Target.OneTable(MESSAGES.id()), room("general"), "general");

        assertThat(matches(insert("1", null, "5"))).isEmpty();
        Row old = Row.of(MESSAGES)
                .text(0, "1")
                .missing(1, MissingReason.NOT_IN_IDENTITY)
                .build();
        assertThat(matches(new Change.Delete(MESSAGES, new Position(new Lsn(1), 0), COMMIT, old)))
                .isEmpty();
    }

    @Test
    void columnOfAnotherTypeMakesItsFilterInapplicable() {
        add(
                new Target.OneTable(MESSAGES.id()),
                compare("room", 1043, Comparison.EQUAL, "general"),
                "resolved as varchar");

        assertThat(truths(insert("1", "general", "5"))).containsExactly("resolved as varchar INAPPLICABLE");
    }

    @Test
    void onlyRequestedEventsMatch() {
        index.add(new SubscriptionIndex.Entry<>(
                new Target.AllTables(), EnumSet.of(ChangeEvent.DELETE), Predicate.Constant.ALWAYS, "deletes"));

        assertThat(matches(insert("1", "general", "5"))).isEmpty();
        assertThat(matches(new Change.Truncate(MESSAGES, new Position(new Lsn(1), 0), COMMIT)))
                .isEmpty();
    }

    @Test
    void undecidedIsReportedOnlyWhereItMatters() {
        Predicate asked = new Predicate.Term(
                new ColumnQuestion("n", "opaque", "x"),
                new RowTest.Opaque(new RowTest.ResolvedColumn("n", 23), Truth.UNKNOWN));
        add(new Target.OneTable(MESSAGES.id()), Predicate.and(List.of(room("general"), asked)), "asked");
        add(new Target.OneTable(MESSAGES.id()), Predicate.or(List.of(room("general"), asked)), "either");

        assertThat(truths(insert("1", "general", "5"))).containsExactlyInAnyOrder("asked UNDECIDED", "either TRUE");
        assertThat(truths(insert("1", "other", "5"))).containsExactly("either UNDECIDED");
        assertThat(truths(insert("1", "other", null))).isEmpty();
    }

    @Test
    void membershipIsAlsoFoundByTheOldRow() {
        SubscriptionIndex.Entry<String> member = SubscriptionIndex.Entry.withMembership(
                new Target.OneTable(MESSAGES.id()),
                EnumSet.of(ChangeEvent.DELETE),
                room("general"),
                room("general"),
                "member");
        index.add(member);
        add(new Target.OneTable(MESSAGES.id()), room("general"), "plain");
        Row general = insert("1", "general", "5").newRow();
        Row random = insert("1", "random", "5").newRow();

        assertThat(matches(update(general, random))).containsExactly("member");
        assertThat(matches(update(random, general))).containsExactlyInAnyOrder("member", "plain");
        assertThat(matches(update(random, random))).isEmpty();
        assertThat(matches(insert("1", "general", "5"))).containsExactly("plain");
        index.remove(member);
        assertThat(matches(update(general, random))).isEmpty();
    }

    private static Change update(Row old, Row fresh) {
        return new Change.Update(MESSAGES, new Position(new Lsn(1), 0), COMMIT, old, fresh);
    }

    @Test
    void agreesWithEvaluatingEverySubscription() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Predicate> predicates = new ArrayList<>();
        List<SubscriptionIndex.Entry<String>> entries = new ArrayList<>();
        for (int i = 0; i < 400; i++) {
            predicates.add(randomPredicate(random, 2));
            entries.add(add(new Target.OneTable(MESSAGES.id()), predicates.get(i), "s" + i));
        }
        for (int i = 0; i < 400; i += 3) {
            index.remove(entries.get(i));
        }
        for (int n = 0; n < 500; n++) {
            String room = random.nextInt(5) == 0 ? null : "r" + random.nextInt(4);
            String number = random.nextInt(5) == 0 ? null : "" + random.nextInt(6);
            Change.Insert change = insert("1", room, number);
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 400; i++) {
                if (i % 3 != 0 && predicates.get(i).test(change.newRow(), RowAnswers.NONE) == Truth.TRUE) {
                    expected.add("s" + i);
                }
            }
            assertThat(matches(change)).as("seed " + seed).containsExactlyInAnyOrderElementsOf(expected);
        }
        for (int i = 0; i < 400; i++) {
            index.remove(entries.get(i));
        }
        assertThat(index.isEmpty()).isTrue();
    }

    private static Predicate randomPredicate(Random random, int depth) {
        int shape = random.nextInt(depth > 0 ? 8 : 5);
        return switch (shape) {
            case 0, 1 -> room("r" + random.nextInt(4));
            case 2 -> compare("n", 23, Comparison.values()[random.nextInt(6)], (long) random.nextInt(6));
            case 3 ->
                term(
                        "n in",
                        new RowTest.OneOf(
                                new RowTest.ResolvedColumn("n", 23),
                                TestTypes.INT4,
                                Set.of((long) random.nextInt(6), 7L),
                                random.nextBoolean()));
            case 4 -> term("room null", new RowTest.NullTest(new RowTest.ResolvedColumn("room", 25)));
            case 5 -> Predicate.not(randomPredicate(random, depth - 1));
            case 6 -> Predicate.or(parts(random, depth));
            default -> Predicate.and(parts(random, depth));
        };
    }

    private static List<Predicate> parts(Random random, int depth) {
        List<Predicate> parts = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            parts.add(randomPredicate(random, depth - 1));
        }
        return parts;
    }

    private static Predicate room(String value) {
        return compare("room", 25, Comparison.EQUAL, value);
    }

    private static Predicate compare(String column, long oid, Comparison comparison, Object key) {
        ComparableType kind = column.equals("n") ? TestTypes.INT4 : TestTypes.TEXT;
        return term(
                comparison.symbol(),
                new RowTest.Compare(new RowTest.ResolvedColumn(column, oid), comparison, kind, key));
    }

    private static Predicate term(String expression, RowTest test) {
        return new Predicate.Term(new ColumnQuestion(test.columns().getFirst(), expression, test.toString()), test);
    }

    private SubscriptionIndex.Entry<String> add(Target target, Predicate predicate, String name) {
        SubscriptionIndex.Entry<String> entry = new SubscriptionIndex.Entry<>(target, ALL, predicate, name);
        index.add(entry);
        return entry;
    }

    private List<String> matches(Change change) {
        List<String> names = new ArrayList<>();
        index.forEachMatch(change, (entry, _) -> names.add(entry.subscriber()));
        return names;
    }

    private List<String> truths(Change change) {
        List<String> names = new ArrayList<>();
        index.forEachMatch(change, (entry, truth) -> names.add(entry.subscriber() + " " + truth));
        return names;
    }

    private static Change.Insert insert(String id, @Nullable String room, @Nullable String n) {
        Row row = Row.of(MESSAGES).text(0, id).text(1, room).text(2, n).build();
        return new Change.Insert(MESSAGES, new Position(new Lsn(1), 0), COMMIT, row);
    }
}
