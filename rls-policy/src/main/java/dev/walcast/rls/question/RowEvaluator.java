package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.RowQuestion;
import dev.walcast.filters.predicate.Truth;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;

/// Answers the questions that memory cannot: Postgres, today.
public interface RowEvaluator {
    /// Answers all of them in as few round trips as there are kinds of question. Blocks for at most the time that
    /// the implementation states for each policy or filter. A question without an answer is among the failures, and
    /// its answer is [Truth#FAILED], so that nothing passes on it.
    ///
    /// Two kinds of failure differ. With [Failure#timeout()] Postgres has given no answer although it was asked
    /// several times with growing patience: the row may be one that the viewer can see, so the caller has to tell
    /// the viewer that a row was withheld. Otherwise the expression raised an error, as a SELECT of the viewer's
    /// would.
    ///
    /// @throws UnansweredException when Postgres cannot be reached; asking again may help
    Outcome ask(Set<Asked> asked) throws UnansweredException;

    /// A question about a row.
    record Asked(RowQuestion question, Row row) {
        public Asked {
            requireNonNull(question, "question is null");
            requireNonNull(row, "row is null");
        }
    }

    /// The maps are taken over, not copied: they can be large.
    ///
    /// @param answers  to every question asked
    /// @param failures those that could not be answered, with a reason that holds no value of the row's
    record Outcome(Map<Asked, Truth> answers, Map<Asked, Failure> failures) implements RowAnswers {
        public static final Outcome NOTHING = new Outcome(Map.of(), Map.of());

        public Outcome {
            answers = Collections.unmodifiableMap(answers);
            failures = Collections.unmodifiableMap(failures);
        }

        @Override
        public Truth of(RowQuestion question, Row row) {
            return answers.getOrDefault(new Asked(question, row), Truth.UNDECIDED);
        }

        /// Whether the client's pattern is why Postgres has not answered this question: it is too slow for the row,
        /// while
        /// Postgres is not. Never so for questions without a pattern.
        public boolean isTooSlow(Asked asked) {
            Failure failure = failures.get(asked);
            return failure != null && failure.sqlState().equals(PatternRound.TOO_SLOW);
        }

        /// The failures that concern the given questions.
        public Collection<Failure> failuresOf(Set<Asked> asked) {
            return failures.entrySet().stream()
                    .filter(failure -> asked.contains(failure.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
        }
    }

    /// Why a question has no answer.
    ///
    /// @param sqlState Postgres' code; one of Walcast's own for a pattern that is too slow
    /// @param timeout  whether another time might bring an answer: it took too long, or something was in the way
    record Failure(String sqlState, boolean timeout) {
        public Failure {
            requireNonNull(sqlState, "sqlState is null");
        }
    }
}
