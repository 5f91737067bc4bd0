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

/// Answers questions about rows that memory cannot decide.
public interface RowEvaluator {
    /// Answers all questions, with few round trips. Blocks for at most the time that the implementation states
    /// for each policy or filter. A question without an answer is among the failures, and its answer is
    /// [Truth#FAILED], which no row passes.
    ///
    /// There are two kinds of failure. With [Failure#timeout()], Postgres gave no answer although it was asked
    /// several times with growing timeouts. The viewer may be allowed to see the row, so the caller must tell it
    /// that a row was withheld. Otherwise the expression raised an error, as it would in a SELECT of the viewer.
    ///
    /// @throws UnansweredException when Postgres cannot be reached; asking again may help
    Outcome ask(Set<Asked> asked) throws UnansweredException;

    /// A question about one row.
    record Asked(RowQuestion question, Row row) {
        public Asked {
            requireNonNull(question, "question is null");
            requireNonNull(row, "row is null");
        }
    }

    /// The answers. It keeps the maps and does not copy them, because they can be large.
    ///
    /// @param answers  the answer to every question
    /// @param failures the questions that failed; the reasons contain no values of rows
    record Outcome(Map<Asked, Truth> answers, Map<Asked, Failure> failures) implements RowAnswers {
        /// The outcome of no question.
        public static final Outcome NOTHING = new Outcome(Map.of(), Map.of());

        public Outcome {
            answers = Collections.unmodifiableMap(answers);
            failures = Collections.unmodifiableMap(failures);
        }

        @Override
        public Truth of(RowQuestion question, Row row) {
            return answers.getOrDefault(new Asked(question, row), Truth.UNDECIDED);
        }

        /// Whether the question failed because the client's pattern is too slow for the row, while Postgres
        /// answers other questions in time. False for questions without a pattern.
        public boolean isTooSlow(Asked asked) {
            Failure failure = failures.get(asked);
            return failure != null && failure.sqlState().equals(PatternRound.TOO_SLOW);
        }

        /// Returns the failures of the given questions.
        public Collection<Failure> failuresOf(Set<Asked> asked) {
            return failures.entrySet().stream()
                    .filter(failure -> asked.contains(failure.getKey()))
                    .map(Map.Entry::getValue)
                    .toList();
        }
    }

    /// Why a question has no answer.
    ///
    /// @param sqlState the SQLSTATE of Postgres; a code of Walcast for a pattern that is too slow
    /// @param timeout  whether asking again may succeed: the question took too long, or met a lock or a passing
    ///                 error
    record Failure(String sqlState, boolean timeout) {
        public Failure {
            requireNonNull(sqlState, "sqlState is null");
        }
    }
}
