package dev.walcast.filters;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Missing;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
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
        add(new Target.OneTable(MESSAGES.id()), RowFilter.NONE, "table");
        add(new Target.OneSchema("public"), RowFilter.NONE, "schema");
        add(new Target.AnySchema("messages"), RowFilter.NONE, "any schema");
        add(new Target.AllTables(), RowFilter.NONE, "all");
        add(new Target.OneTable(MESSAGES.id()), filter(room("general")), "general");
        add(new Target.OneTable(MESSAGES.id()), filter(room("random")), "random");
        add(new Target.OneTable(new TableId("public", "other")), RowFilter.NONE, "other table");
        add(new Target.OneSchema("other"), RowFilter.NONE, "other schema");

        assertThat(matches(insert("1", "general", "5")))
                .containsExactlyInAnyOrder("table", "schema", "any schema", "all", "general");
    }

    @Test
    void aNullOrMissingValuePassesNoTerm() {
        add(new Target.OneTable(MESSAGES.id()), filter(room("general")), "general");

        assertThat(matches(insert("1", null, "5"))).isEmpty();
        Row old = Row.of(MESSAGES)
                .text(0, "1")
                .missing(1, Missing.NOT_IN_IDENTITY)
                .build();
        assertThat(matches(new Change.Delete(MESSAGES, new Position(new Lsn(1), 0), COMMIT, old)))
                .isEmpty();
    }

    @Test
    void aColumnWhoseTypeChangedSinceTheSubscriptionDoesNotMatch() {
        add(
                new Target.OneTable(MESSAGES.id()),
                filter(new EqualTerm("room", 1043, text -> text, "general")),
                "resolved as varchar");

        assertThat(matches(insert("1", "general", "5"))).isEmpty();
    }

    @Test
    void onlyTheRequestedEventsMatchAndATruncateConcernsNobody() {
        index.add(new SubscriptionIndex.Entry<>(
                new Target.AllTables(), EnumSet.of(ChangeEvent.DELETE), RowFilter.NONE, "deletes"));

        assertThat(matches(insert("1", "general", "5"))).isEmpty();
        assertThat(matches(new Change.Truncate(MESSAGES, new Position(new Lsn(1), 0), COMMIT)))
                .isEmpty();
    }

    @Test
    void agreesWithEvaluatingEverySubscriptionAndForgetsTheRemoved() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<RowFilter> filters = new ArrayList<>();
        List<SubscriptionIndex.Entry<String>> entries = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            filters.add(randomFilter(random));
            entries.add(add(new Target.OneTable(MESSAGES.id()), filters.get(i), "s" + i));
        }
        for (int i = 0; i < 300; i += 3) {
            index.remove(entries.get(i));
        }
        for (int n = 0; n < 500; n++) {
            Change.Insert change = insert("1", "r" + random.nextInt(4), "" + random.nextInt(4));
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                if (i % 3 != 0 && filters.get(i).matches(change.newRow())) {
                    expected.add("s" + i);
                }
            }
            assertThat(matches(change)).as("seed " + seed).containsExactlyInAnyOrderElementsOf(expected);
        }
        for (int i = 0; i < 300; i++) {
            index.remove(entries.get(i));
        }
        assertThat(index.isEmpty()).isTrue();
    }

    private static RowFilter randomFilter(Random random) {
        List<EqualTerm> terms = new ArrayList<>();
        if (random.nextInt(4) > 0) {
            terms.add(room("r" + random.nextInt(4)));
        }
        if (random.nextBoolean()) {
            terms.add(new EqualTerm("n", 23, text -> text, "" + random.nextInt(4)));
        }
        return new RowFilter(terms);
    }

    private static EqualTerm room(String value) {
        return new EqualTerm("room", 25, text -> text, value);
    }

    private static RowFilter filter(EqualTerm... terms) {
        return new RowFilter(List.of(terms));
    }

    private SubscriptionIndex.Entry<String> add(Target target, RowFilter filter, String name) {
        SubscriptionIndex.Entry<String> entry = new SubscriptionIndex.Entry<>(target, ALL, filter, name);
        index.add(entry);
        return entry;
    }

    private List<String> matches(Change change) {
        List<String> names = new ArrayList<>();
        index.forEachMatch(change, entry -> names.add(entry.subscriber()));
        return names;
    }

    private static Change.Insert insert(String id, String room, String n) {
        Row row = Row.of(MESSAGES).text(0, id).text(1, room).text(2, n).build();
        return new Change.Insert(MESSAGES, new Position(new Lsn(1), 0), COMMIT, row);
    }
}
