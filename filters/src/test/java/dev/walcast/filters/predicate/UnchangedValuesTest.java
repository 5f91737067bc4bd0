package dev.walcast.filters.predicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.values.Comparison;
import dev.walcast.filters.values.TestTypes;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// The values that an unchanged large value may have.
class UnchangedValuesTest {
    private static final long TEXT = 25;
    private static final long INT4 = 23;
    private static final Table NOTES = new Table(
            new TableId("public", "notes"),
            List.of(new Column("id", scalar(INT4, "int4"), true), new Column("body", scalar(TEXT, "text"), false)));
    private static final Row UNCHANGED =
            Row.of(NOTES).text(0, "1").missing(1, MissingReason.UNCHANGED_TOAST).build();

    private static PgType scalar(long oid, String name) {
        return new PgType.Scalar(oid, name, JsonForm.TEXT);
    }

    @Test
    void longTextMayBeEqual() {
        assertThat(mayMeet(equal("a text that is longer than a pointer"))).isTrue();
    }

    @Test
    void shortTextIsNotEqual() {
        assertThat(mayMeet(equal("short"))).isFalse();
        assertThat(UnchangedValues.columns(equal("short"))).isEmpty();
        Predicate other = Predicate.not(equal("short"));
        assertThat(other.test(UNCHANGED, RowAnswers.NONE)).isEqualTo(Truth.TRUE);
        assertThat(mayMeet(other)).isFalse();
    }

    @Test
    void largeValueIsNotNull() {
        Predicate isNull = term("is null", new RowTest.NullTest(new RowTest.ResolvedColumn("body", TEXT)));
        assertThat(mayMeet(isNull)).isFalse();
    }

    @Test
    void anotherPartMayDecide() {
        Predicate id = term(
                "id = 2",
                new RowTest.Compare(new RowTest.ResolvedColumn("id", INT4), Comparison.EQUAL, TestTypes.INT4, 2L));
        Predicate like = term("like", new RowTest.Opaque(new RowTest.ResolvedColumn("body", TEXT), Truth.UNKNOWN));
        assertThat(mayMeet(Predicate.and(List.of(id, like)))).isFalse();
        assertThat(mayMeet(Predicate.or(List.of(id, like)))).isTrue();
        assertThat(UnchangedValues.columns(Predicate.and(List.of(id, like)))).isEqualTo(Set.of("body"));
    }

    private static boolean mayMeet(Predicate predicate) {
        return UnchangedValues.mayMeet(predicate, UNCHANGED);
    }

    private static Predicate equal(String text) {
        return term(
                "= " + text,
                new RowTest.Compare(new RowTest.ResolvedColumn("body", TEXT), Comparison.EQUAL, TestTypes.TEXT, text));
    }

    private static Predicate term(String sql, RowTest test) {
        return new Predicate.Term(new ColumnQuestion("body", sql, null), test);
    }
}
