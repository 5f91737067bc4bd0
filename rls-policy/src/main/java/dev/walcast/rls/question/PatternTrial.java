package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.rls.sql.SqlStates;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.time.Duration;

/// Finds out whether a pattern is slow or Postgres is. A question that Postgres cancelled is asked once more, alone,
/// between two questions that take no time. Only when it is cancelled again, and both others are answered, the
/// pattern is at fault. A socket that timed out, a lost connection and a lock say nothing about a pattern. Used by one
/// thread.
final class PatternTrial {
    /// The expression of a question that takes no time: it reads the value, and asks nothing of it.
    static final String TAKES_NO_TIME = "(" + ColumnQuestion.VALUE + " is not null)";

    private final Duration timeout;

    /// @param timeout how long Postgres may work on the pattern; half of it is enough for what takes no time
    PatternTrial(Duration timeout) {
        this.timeout = requireNonNull(timeout, "timeout is null");
    }

    /// Asks Postgres, within a `statement_timeout`.
    @FunctionalInterface
    interface Ask<A, X extends Exception> {
        A ask(Duration timeout) throws SQLException, X;
    }

    /// What the trial has shown.
    sealed interface Finding<A> {}

    /// The pattern is not too slow.
    record Answered<A>(A answer) implements Finding<A> {}

    /// The pattern is too slow, and Postgres is not.
    record TooSlow<A>() implements Finding<A> {}

    /// Postgres was slow, or a lock was in the way: nothing is known of the pattern.
    record Unknown<A>() implements Finding<A> {}

    /// Whether Postgres itself cancelled the statement, as it does after `statement_timeout`.
    static boolean isCancelled(SQLException e) {
        return SqlStates.isOfPostgres(e)
                && PostgresRowEvaluator.TIMED_OUT.equals(e.getSQLState())
                && !SqlStates.isRaisedByAFunction(e);
    }

    /// Blocks for at most two and a half times the timeout, and for as long as connections take.
    ///
    /// @param question    that was cancelled once
    /// @param takesNoTime a question about the same value without the pattern
    /// @throws SQLException when Postgres is away, or refused the question for another reason
    <A, X extends Exception> Finding<A> of(Ask<A, X> question, Ask<?, X> takesNoTime) throws SQLException, X {
        if (!isAnswered(takesNoTime)) {
            return new Unknown<>();
        }
        try {
            return new Answered<>(question.ask(timeout));
        } catch (SQLException e) {
            if (isCancelled(e)) {
                return isAnswered(takesNoTime) ? new TooSlow<>() : new Unknown<>();
            }
            throw e;
        }
    }

    private <X extends Exception> boolean isAnswered(Ask<?, X> takesNoTime) throws SQLException, X {
        try {
            // 0 would mean no limit
            Object _ = takesNoTime.ask(Duration.ofMillis(Math.max(1, timeout.toMillis() / 2)));
            return true;
        } catch (SQLException e) {
            boolean silent = e.getCause() instanceof SocketTimeoutException;
            if (!silent && SqlStates.saysPostgresIsAway(e)) {
                throw e;
            }
            return SqlStates.isOfPostgres(e) && SqlStates.saysTheValueIsWrong(e);
        }
    }
}
