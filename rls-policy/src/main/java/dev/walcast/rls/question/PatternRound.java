package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RowQuestion;
import dev.walcast.rls.question.PatternTrial.Finding;
import dev.walcast.rls.question.PostgresRowEvaluator.AskTimeouts;
import dev.walcast.rls.question.PostgresRowEvaluator.RowAnswer;
import dev.walcast.rls.question.PostgresRowEvaluator.StatementTime;
import dev.walcast.rls.question.RowEvaluator.Asked;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;

/// Asks questions with clients' patterns, for one role. It asks all in one statement. When that is too slow, it asks
/// smaller parts, until a cancelled question is alone. After all other questions, a [PatternTrial] tells whether the
/// pattern of that question is too slow; there is one trial for each pattern. A pattern that is too slow for one row
/// is not asked about again.
///
/// All statements together get [AskTimeouts#total()]. One trial is always made, so that slow patterns are found in
/// the end. A question fails with a timeout when no time is left for it, or when Postgres itself is too slow. Used
/// once, by one thread.
final class PatternRound {
    /// The state of a question whose pattern is too slow. No code in the database can raise it.
    static final String TOO_SLOW = "pattern";

    /// The state of a question without an answer whose pattern may be fine.
    static final String NO_TIME_LEFT = "57000";

    private static final int PARTS = 8;

    private final PostgresRowEvaluator.Asker asker;
    private final AskTimeouts patience;
    private final BiConsumer<Asked, RowAnswer> answers;
    private final StatementTime work;

    /// Questions that were cancelled alone, by pattern. The first of each will be tried; the others wait for the
    /// result.
    private final Map<RowQuestion, List<Asked>> suspects = new LinkedHashMap<>();

    private final Set<RowQuestion> tried = new HashSet<>();

    PatternRound(
            PostgresRowEvaluator.Asker asker,
            AskTimeouts patience,
            BiConsumer<Asked, RowAnswer> answers,
            LongSupplier nanoTime) {
        this.asker = requireNonNull(asker, "asker is null");
        this.patience = requireNonNull(patience, "patience is null");
        this.answers = requireNonNull(answers, "answers is null");
        this.work = new StatementTime(patience.first(), nanoTime);
    }

    /// Asks all questions, and passes each answer on.
    void ask(List<Asked> asked) throws UnansweredException {
        Map<RowQuestion, List<Asked>> byPattern = new LinkedHashMap<>();
        for (Asked one : asked) {
            byPattern.computeIfAbsent(one.question(), _ -> new ArrayList<>()).add(one);
        }
        askTogether(byPattern.values().stream().flatMap(List::stream).toList());
        while (!suspects.isEmpty()) {
            tryFirst();
        }
    }

    private void askTogether(List<Asked> asked) throws UnansweredException {
        List<Asked> left = withoutSuspects(asked);
        while (!left.isEmpty()) {
            if (isTimeOver()) {
                left.forEach(this::failWithoutTime);
                return;
            }
            List<RowAnswer> given;
            try {
                given = ask(left, patience.first());
            } catch (SQLException e) {
                failed(left, e);
                return;
            }
            for (int i = 0; i < given.size(); i++) {
                answers.accept(left.get(i), given.get(i));
            }
            left = left.subList(given.size(), left.size());
        }
    }

    private List<RowAnswer> ask(List<Asked> asked, Duration timeout) throws SQLException {
        work.limit(timeout);
        return asker.ask(asked, work);
    }

    /// Whether the time is used up. The trials to come have their share reserved.
    private boolean isTimeOver() {
        return work.nanos() + suspects.size() * patience.first().toNanos()
                >= patience.total().toNanos();
    }

    private List<Asked> withoutSuspects(List<Asked> asked) {
        List<Asked> others = new ArrayList<>(asked.size());
        for (Asked one : asked) {
            List<Asked> waiting = suspects.get(one.question());
            (waiting == null ? others : waiting).add(one);
        }
        return others;
    }

    private void failed(List<Asked> asked, SQLException e) throws UnansweredException {
        String state = PostgresRowEvaluator.state(e);
        if (asked.size() == 1) {
            failed(asked.getFirst(), e, state);
            return;
        }
        int size = Math.ceilDiv(asked.size(), PARTS);
        for (int from = 0; from < asked.size(); from += size) {
            askTogether(asked.subList(from, Math.min(asked.size(), from + size)));
        }
    }

    private void failed(Asked asked, SQLException e, String state) {
        if (PatternTrial.isCancelled(e) && !tried.contains(asked.question())) {
            suspects.computeIfAbsent(asked.question(), _ -> new ArrayList<>()).add(asked);
        } else if (state.equals(PostgresRowEvaluator.TIMED_OUT)) {
            failWithoutTime(asked);
        } else {
            answers.accept(asked, RowAnswer.failed(state));
        }
    }

    private void failWithoutTime(Asked asked) {
        answers.accept(asked, RowAnswer.failed(NO_TIME_LEFT));
    }

    private void tryFirst() throws UnansweredException {
        RowQuestion question = suspects.keySet().iterator().next();
        List<Asked> waiting = requireNonNull(suspects.remove(question));
        Asked first = waiting.getFirst();
        if (!tried.isEmpty() && isTimeOver()) {
            waiting.forEach(this::failWithoutTime);
            return;
        }
        tried.add(question);
        Finding<RowAnswer> finding;
        try {
            finding = tried(first);
        } catch (SQLException e) {
            failed(first, e, PostgresRowEvaluator.state(e));
            askTogether(waiting.subList(1, waiting.size()));
            return;
        }
        switch (finding) {
            case PatternTrial.Answered<RowAnswer>(RowAnswer answer) -> {
                answers.accept(first, answer);
                askTogether(waiting.subList(1, waiting.size()));
            }
            case PatternTrial.TooSlow<RowAnswer> _ ->
                waiting.forEach(one -> answers.accept(one, RowAnswer.failed(TOO_SLOW)));
            case PatternTrial.Unknown<RowAnswer> _ -> waiting.forEach(this::failWithoutTime);
        }
    }

    private Finding<RowAnswer> tried(Asked asked) throws SQLException {
        ColumnQuestion question = (ColumnQuestion) asked.question();
        ColumnQuestion takesNoTime = new ColumnQuestion(
                question.column(), question.type(), PatternTrial.TAKES_NO_TIME, null, question.session());
        return new PatternTrial(patience.first())
                .<RowAnswer, SQLException>of(
                        timeout -> ask(List.of(asked), timeout).getFirst(),
                        timeout -> ask(List.of(new Asked(takesNoTime, asked.row())), timeout));
    }
}
