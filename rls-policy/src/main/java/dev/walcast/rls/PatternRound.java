package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.RowQuestion;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import dev.walcast.rls.PostgresOracle.Patience;
import dev.walcast.rls.PostgresOracle.Work;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

/// Asks what hangs on clients' patterns, for one role. All is asked in one statement; when that is too slow, in smaller
/// parts, until the pattern at fault is alone. A pattern that is too slow for one row is not asked about again. For one
/// thread and one use.
final class PatternRound {
    /// The state of a question for which no time was left, which says nothing about its pattern.
    static final String NO_TIME_LEFT = "57000";

    private static final int PARTS = 8;

    private final PostgresOracle.Asker asker;
    private final Patience patience;
    private final BiConsumer<Asked, Answer> answers;
    private final Work work;
    private final Set<RowQuestion> slow = new HashSet<>();

    PatternRound(PostgresOracle.Asker asker, Patience patience, BiConsumer<Asked, Answer> answers) {
        this.asker = requireNonNull(asker, "asker is null");
        this.patience = requireNonNull(patience, "patience is null");
        this.answers = requireNonNull(answers, "answers is null");
        this.work = new Work(patience.first());
    }

    void ask(List<Asked> asked) throws UnansweredException {
        Map<RowQuestion, List<Asked>> byPattern = new LinkedHashMap<>();
        for (Asked one : asked) {
            byPattern.computeIfAbsent(one.question(), _ -> new ArrayList<>()).add(one);
        }
        askTogether(byPattern.values().stream().flatMap(List::stream).toList());
    }

    private void askTogether(List<Asked> asked) throws UnansweredException {
        List<Asked> left = withoutSlow(asked);
        while (!left.isEmpty()) {
            if (work.nanos() >= patience.total().toNanos()) {
                left.forEach(one -> answers.accept(one, Answer.failed(NO_TIME_LEFT)));
                return;
            }
            List<Answer> given;
            try {
                given = asker.ask(left, work);
            } catch (SQLException e) {
                failed(left, PostgresOracle.state(e));
                return;
            }
            for (int i = 0; i < given.size(); i++) {
                answers.accept(left.get(i), given.get(i));
            }
            left = left.subList(given.size(), left.size());
        }
    }

    private List<Asked> withoutSlow(List<Asked> asked) {
        List<Asked> others = new ArrayList<>(asked.size());
        for (Asked one : asked) {
            if (slow.contains(one.question())) {
                answers.accept(one, Answer.failed(PostgresOracle.TIMED_OUT));
            } else {
                others.add(one);
            }
        }
        return others;
    }

    private void failed(List<Asked> asked, String state) throws UnansweredException {
        if (asked.size() == 1) {
            if (state.equals(PostgresOracle.TIMED_OUT)) {
                slow.add(asked.getFirst().question());
            }
            answers.accept(asked.getFirst(), Answer.failed(state));
            return;
        }
        int size = Math.ceilDiv(asked.size(), PARTS);
        for (int from = 0; from < asked.size(); from += size) {
            askTogether(asked.subList(from, Math.min(asked.size(), from + size)));
        }
    }
}
