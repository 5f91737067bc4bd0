package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.question.PostgresRowEvaluator.AskTimeouts;
import dev.walcast.rls.question.PostgresRowEvaluator.RowAnswer;
import dev.walcast.rls.question.PostgresRowEvaluator.StatementTime;
import dev.walcast.rls.question.RowEvaluator.Asked;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;
import org.postgresql.util.ServerErrorMessage;

/// Checks which patterns are asked about together. The test answers in place of a database.
class PatternRoundTest {
    private static final Table NOTES = new Table(
            new TableId("public", "notes"),
            List.of(new Column("body", new PgType.Scalar(25, "text", JsonForm.TEXT), false)));
    private static final AskTimeouts PATIENCE = new AskTimeouts(Duration.ofMillis(500), Duration.ofMinutes(1));

    private final Map<Asked, RowAnswer> answers = new HashMap<>();
    private final List<List<Asked>> statements = new ArrayList<>();
    private Set<String> slow = Set.of();
    private SQLException error = ofPostgres("57014");

    /// The number of the first statement that Postgres answers in time.
    private int stalledFor;

    private List<RowAnswer> ask(List<Asked> asked, StatementTime work) throws SQLException {
        statements.add(List.copyOf(asked));
        if (statements.size() <= stalledFor || asked.stream().anyMatch(one -> slow.contains(pattern(one)))) {
            throw error;
        }
        return asked.stream().map(_ -> RowAnswer.of(Truth.TRUE)).toList();
    }

    private static SQLException ofPostgres(String state) {
        return new PSQLException(new ServerErrorMessage("SERROR\0C" + state + "\0Mno answer\0\0"));
    }

    private static String pattern(Asked asked) {
        return String.valueOf(((ColumnQuestion) asked.question()).parameter());
    }

    private static Asked asked(String pattern, String body) {
        return new Asked(
                new ColumnQuestion("body", "matches", pattern),
                Row.of(NOTES).text(0, body).build());
    }

    private void ask(List<Asked> asked) throws Exception {
        new PatternRound(this::ask, PATIENCE, answers::put, System::nanoTime).ask(asked);
    }

    @Test
    void patternsAreAskedAboutTogether() throws Exception {
        ask(List.of(asked("a", "1"), asked("b", "1"), asked("a", "2")));
        assertThat(statements).hasSize(1);
        assertThat(answers).hasSize(3);
    }

    @Test
    void slowPatternDoesNotAffectOthers() throws Exception {
        slow = Set.of("p77");
        List<Asked> asked = new ArrayList<>();
        for (int row = 0; row < 5; row++) {
            for (int i = 0; i < 100; i++) {
                asked.add(asked("p" + i, "row " + row));
            }
        }
        ask(asked);
        assertThat(answers).hasSize(500);
        answers.forEach((one, answer) ->
                assertThat(answer.truth()).isEqualTo(pattern(one).equals("p77") ? Truth.FAILED : Truth.TRUE));
        long inVain = statements.stream()
                .filter(some -> some.stream().anyMatch(one -> pattern(one).equals("p77")))
                .count();
        assertThat(inVain).isLessThanOrEqualTo(7);
        long alone = statements.stream()
                .filter(some -> some.size() == 1 && pattern(some.getFirst()).equals("p77"))
                .count();
        assertThat(alone).isEqualTo(2);
        assertThat(answers.values())
                .filteredOn(answer -> answer.error().equals(PatternRound.TOO_SLOW))
                .hasSize(5);
    }

    @Test
    void stallBlamesNoPattern() throws Exception {
        for (stalledFor = 1; stalledFor < 12; stalledFor++) {
            statements.clear();
            answers.clear();
            ask(List.of(asked("a", "1"), asked("b", "1"), asked("a", "2")));
            assertThat(answers.values()).hasSize(3).noneMatch(PatternRoundTest::isTooSlow);
        }
    }

    @Test
    void patternIsAskedAgainAfterStall() throws Exception {
        stalledFor = 3;
        ask(List.of(asked("a", "1"), asked("b", "1"), asked("a", "2")));
        assertThat(answers.values()).hasSize(3).containsOnly(RowAnswer.of(Truth.TRUE));
    }

    @Test
    void patternIsNotBlamedWhileAllIsSlow() throws Exception {
        String ofWhatTakesNoTime = "null";
        slow = Set.of("a", ofWhatTakesNoTime);
        Asked accused = asked("a", "1");
        ask(List.of(accused, asked("b", "1")));
        assertThat(answers.get(accused)).isEqualTo(RowAnswer.failed(PatternRound.NO_TIME_LEFT));
    }

    @Test
    void silentSocketIsNoSlowPattern() throws Exception {
        slow = Set.of("a");
        error = new PSQLException("no answer", PSQLState.CONNECTION_FAILURE, new SocketTimeoutException());
        Asked unheard = asked("a", "1");
        Asked heard = asked("b", "1");
        ask(List.of(unheard, heard));
        assertThat(answers.get(heard)).isEqualTo(RowAnswer.of(Truth.TRUE));
        assertThat(answers.get(unheard)).isEqualTo(RowAnswer.failed(PatternRound.NO_TIME_LEFT));
    }

    @Test
    void unreachablePostgresThrows() {
        slow = Set.of("a");
        for (SQLException away : List.of(
                new PSQLException("lost", PSQLState.CONNECTION_FAILURE),
                new SQLTransientConnectionException("no connection is free"))) {
            error = away;
            assertThatThrownBy(() -> ask(List.of(asked("a", "1")))).isInstanceOf(UnansweredException.class);
        }
    }

    @Test
    void trialsCountTowardsTotalTime() throws Exception {
        slow = IntStream.range(0, 40).mapToObj(i -> "p" + i).collect(Collectors.toSet());
        List<Asked> asked =
                IntStream.range(0, 40).mapToObj(i -> asked("p" + i, "1")).toList();
        AskTimeouts patience = new AskTimeouts(Duration.ofMillis(50), Duration.ofMillis(500));
        PostgresRowEvaluator.Asker asker = (some, work) -> {
            work.begin();
            try {
                if (some.stream().anyMatch(one -> slow.contains(pattern(one)))) {
                    LockSupport.parkNanos(work.timeout().toNanos());
                }
                return ask(some, work);
            } finally {
                work.end();
            }
        };
        new PatternRound(asker, patience, answers::put, System::nanoTime).ask(asked);
        assertThat(answers).hasSize(40);
        assertThat(answers.values()).anyMatch(PatternRoundTest::isTooSlow);
        assertThat(answers.values())
                .filteredOn(answer -> !isTooSlow(answer))
                .isNotEmpty()
                .containsOnly(RowAnswer.failed(PatternRound.NO_TIME_LEFT));
        long inVain = statements.stream()
                .filter(some -> some.stream().anyMatch(one -> slow.contains(pattern(one))))
                .count();
        assertThat(inVain).isLessThanOrEqualTo(11);
    }

    private static boolean isTooSlow(RowAnswer answer) {
        return answer.error().equals(PatternRound.TOO_SLOW);
    }

    @Test
    void patternErrorIsNotSlowness() throws Exception {
        slow = Set.of("bad");
        error = ofPostgres("2201B");
        Asked good = asked("good", "1");
        ask(List.of(asked("bad", "1"), asked("bad", "2"), good));
        assertThat(answers.values())
                .filteredOn(answer -> answer.error().equals("2201B"))
                .hasSize(2);
        assertThat(answers.get(good)).isEqualTo(RowAnswer.of(Truth.TRUE));
    }
}
