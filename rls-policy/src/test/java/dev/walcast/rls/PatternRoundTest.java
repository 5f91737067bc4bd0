package dev.walcast.rls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import dev.walcast.rls.PostgresOracle.Patience;
import dev.walcast.rls.PostgresOracle.Work;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Which patterns are asked about together, against a database that the test plays.
class PatternRoundTest {
    private static final Table NOTES = new Table(
            new TableId("public", "notes"),
            List.of(new Column("body", new PgType.Scalar(25, "text", JsonForm.TEXT), false)));
    private static final Patience PATIENCE = new Patience(Duration.ofMillis(500), Duration.ofMinutes(1));

    private final Map<Asked, Answer> answers = new HashMap<>();
    private final List<List<Asked>> statements = new ArrayList<>();
    private Set<String> slow = Set.of();
    private String state = "57014";

    private List<Answer> ask(List<Asked> asked, Work work) throws SQLException {
        statements.add(List.copyOf(asked));
        if (asked.stream().anyMatch(one -> slow.contains(pattern(one)))) {
            throw new SQLException("no answer", state);
        }
        return asked.stream().map(_ -> Answer.of(Truth.TRUE)).toList();
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
        new PatternRound(this::ask, PATIENCE, answers::put).ask(asked);
    }

    @Test
    void patternsAreAskedAboutTogether() throws Exception {
        ask(List.of(asked("a", "1"), asked("b", "1"), asked("a", "2")));
        assertThat(statements).hasSize(1);
        assertThat(answers).hasSize(3);
    }

    @Test
    void slowPatternLeavesTheOthersTheirAnswers() throws Exception {
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
        assertThat(inVain).isLessThanOrEqualTo(6);
        long alone = statements.stream()
                .filter(some -> some.size() == 1 && pattern(some.getFirst()).equals("p77"))
                .count();
        assertThat(alone).isEqualTo(1);
    }

    @Test
    void errorOfAPatternIsNoSlowness() throws Exception {
        slow = Set.of("bad");
        state = "2201B";
        Asked good = asked("good", "1");
        ask(List.of(asked("bad", "1"), asked("bad", "2"), good));
        assertThat(answers.values())
                .filteredOn(answer -> answer.error().equals("2201B"))
                .hasSize(2);
        assertThat(answers.get(good)).isEqualTo(Answer.of(Truth.TRUE));
    }
}
