package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.rls.sql.SqlStates;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.time.Duration;

/// Finds out whether a pattern is slow, or Postgres is. It asks a question that Postgres cancelled once more, alone,
/// between two questions that take no time. The pattern is too slow only when the question is cancelled again and both
/// others are answered. A socket timeout, a lost connection or a lock proves nothing about a pattern. Used by one
/// thread.
final class PatternTrial {
    /// An expression that takes no time: it reads the value and does not match it.
    static final String TAKES_NO_TIME = "(" + ColumnQuestion.VALUE + " is not null)";

    private final Duration timeout;

    /// Makes a trial.
    ///
    /// @param timeout how long Postgres may work on the pattern. A question that takes no time gets half of it
    PatternTrial(Duration timeout) {
        this.timeout = requireNonNull(timeout, "timeout is null");
    }

    /// Asks Postgres with a `statement_timeout`.
    @FunctionalInterface
    interface Ask<A, X extends Exception> {
        A ask(Duration timeout) throws SQLException, X;
    }

    /// The result of a trial.
    sealed interface Finding<A> {}

    /// The pattern is not too slow.
    record Answered<A>(A answer) implements Finding<A> {}

    /// The pattern is too slow, while Postgres answers other questions in time.
    record TooSlow<A>() implements Finding<A> {}

    /// Postgres was slow, or a lock was in the way. The trial proves nothing about the pattern.
    record Unknown<A>() implements Finding<A> {}

    /// Whether Postgres itself cancelled the statement, as after `statement_timeout`.
    static boolean isCancelled(SQLException e) {
        return SqlStates.isOfPostgres(e)
                && PostgresRowEvaluator.TIMED_OUT.equals(e.getSQLState())
                && !SqlStates.isRaisedByAFunction(e);
    }

    /// Runs the trial. Blocks for at most two times the timeout, and while it gets connections.
    ///
    /// @param question    a question that was cancelled once
    /// @param takesNoTime a question about the same value without the pattern
    /// @throws SQLException when Postgres is unreachable, or refused the question for another reason
    <A, X extends Exception> Finding<A> of(Ask<A, X> question, Ask<?, X> takesNoTime) throws SQLException, X {
        if (!tryAsk(takesNoTime)) {
            return new Unknown<>();
        }
        try {
            return new Answered<>(question.ask(timeout));
        } catch (SQLException e) {
            if (isCancelled(e)) {
                return tryAsk(takesNoTime) ? new TooSlow<>() : new Unknown<>();
            }
            throw e;
        }
    }

    private <X extends Exception> boolean tryAsk(Ask<?, X> takesNoTime) throws SQLException, X {
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
