package dev.walcast.filters.predicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.RowTest.Opaque;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InViewTest {
    private static final PgType TEXT = new PgType.Scalar(25, "text", JsonForm.TEXT);
    private static final Table TABLE = new Table(
            new TableId("public", "t"), List.of(new Column("key", TEXT, true), new Column("rest", TEXT, false)));

    @Test
    void nullIsNoAndAMissingValueIsUnknown() {
        Row carried = Row.of(TABLE).text(0, "k").build();
        Row absent = Row.of(TABLE)
                .text(0, "k")
                .missing(1, MissingReason.NOT_IN_IDENTITY)
                .build();
        assertThat(InView.of(asked("rest"), carried, RowAnswers.NONE)).isEqualTo(InView.NO);
        assertThat(InView.of(asked("rest"), absent, RowAnswers.NONE)).isEqualTo(InView.UNKNOWN);
        assertThat(InView.of(Predicate.not(asked("rest")), absent, RowAnswers.NONE))
                .isEqualTo(InView.UNKNOWN);
        assertThat(InView.of(asked("gone"), carried, RowAnswers.NONE)).isEqualTo(InView.UNKNOWN);
    }

    @Test
    void presentValuesMayDecideAlone() {
        Row absent = Row.of(TABLE)
                .text(0, "k")
                .missing(1, MissingReason.NOT_IN_IDENTITY)
                .build();
        RowAnswers no = (_, _) -> Truth.FALSE;
        RowAnswers yes = (_, _) -> Truth.TRUE;
        Predicate both = Predicate.and(List.of(asked("rest"), asked("key")));
        Predicate either = Predicate.or(List.of(asked("rest"), asked("key")));
        assertThat(InView.of(both, absent, no)).isEqualTo(InView.NO);
        assertThat(InView.of(both, absent, yes)).isEqualTo(InView.UNKNOWN);
        assertThat(InView.of(either, absent, yes)).isEqualTo(InView.YES);
        assertThat(InView.of(either, absent, no)).isEqualTo(InView.UNKNOWN);
        assertThat(InView.of(either, absent, RowAnswers.NONE)).isEqualTo(InView.UNDECIDED);
    }

    @Test
    void errorIsNoWhenNoValueIsMissing() {
        Row carried = Row.of(TABLE).text(0, "k").text(1, "r").build();
        assertThat(InView.of(asked("rest"), carried, (_, _) -> Truth.FAILED)).isEqualTo(InView.NO);
    }

    @ParameterizedTest
    @CsvSource({
        "YES, YES, YES",
        "YES, NO, NO",
        "YES, UNKNOWN, UNKNOWN",
        "YES, UNDECIDED, UNDECIDED",
        "NO, UNKNOWN, NO",
        "NO, UNDECIDED, NO",
        "UNKNOWN, UNDECIDED, UNDECIDED"
    })
    void standingInBothDoesNotDependOnTheOrder(InView one, InView other, InView both) {
        assertThat(one.and(other)).isEqualTo(both);
        assertThat(other.and(one)).isEqualTo(both);
    }

    private static Predicate asked(String column) {
        return new Predicate.Term(
                new ColumnQuestion(column, "opaque", "x"), new Opaque(new ResolvedColumn(column, 25), Truth.UNKNOWN));
    }
}
