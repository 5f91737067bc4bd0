package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.ColumnQuestion.Effort;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.policy.PolicyExpression;
import dev.walcast.rls.policy.PolicyQuestion;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.sql.SqlStates;
import java.net.SocketTimeoutException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Answers questions about rows in Postgres. It asks questions of one kind together. When that fails, it asks the
/// halves separately, so that only the failing question stays without an answer. Safe for any thread.
///
/// The timeouts count the time that Postgres works on a statement, and not the wait for a connection. A statement
/// gets [AskTimeouts#first()]. A single question that takes longer, or meets a lock or a deadlock, is asked again
/// with twice the time, until [AskTimeouts#total()] is used up. Each policy's expression has a total of its own, and
/// each role's filters have one: this bounds how long a slow policy holds a connection. [PatternRound] asks questions
/// with clients' patterns.
public final class PostgresRowEvaluator implements RowEvaluator {
    private static final Logger log = LoggerFactory.getLogger(PostgresRowEvaluator.class);

    static final String TIMED_OUT = "57014";

    private static final Set<String> PASSING_CLASSES = Set.of("08", "40", "53", "57", "58", "XX");

    /// How often one question is asked, for errors that come at once.
    private static final int TRIES_MAX = 5;

    private final ColumnAsker columns;
    private final ColumnAsker patterns;
    private final PolicyAsker policies;
    private final AskTimeouts patience;
    private final LongSupplier nanoTime;

    /// How long Postgres may work on questions.
    ///
    /// @param first the timeout of a statement at first; at least 1 ms
    /// @param total the time for all statements about one policy's expression in one call of [#ask]; at least
    ///              `first`
    public record AskTimeouts(Duration first, Duration total) {
        /// The defaults of the server.
        public static final AskTimeouts USUAL = new AskTimeouts(Duration.ofMillis(500), Duration.ofSeconds(5));

        public AskTimeouts {
            if (first.toMillis() < 1 || total.compareTo(first) < 0) {
                throw new IllegalArgumentException("first is " + first + ", total is " + total);
            }
        }
    }

    /// Makes an evaluator with [AskTimeouts#USUAL].
    ///
    /// @param filters  connections with the settings of clients, for filters
    /// @param isolated connections set up by `IsolatedConnections`, for policies
    /// @param nanoTime a monotonic clock, in nanoseconds
    public PostgresRowEvaluator(DataSource filters, DataSource isolated, LongSupplier nanoTime) {
        this(new RoleConnections(filters), isolated, AskTimeouts.USUAL, nanoTime);
    }

    /// Makes an evaluator that uses the same connections for all filters.
    public PostgresRowEvaluator(
            RoleConnections filters, DataSource isolated, AskTimeouts patience, LongSupplier nanoTime) {
        this(filters, filters, isolated, patience, nanoTime);
    }

    /// Makes an evaluator with separate connections for patterns.
    ///
    /// @param patterns connections for filters whose cost depends on a client's pattern
    public PostgresRowEvaluator(
            RoleConnections filters,
            RoleConnections patterns,
            DataSource isolated,
            AskTimeouts patience,
            LongSupplier nanoTime) {
        this.patterns = new ColumnAsker(patterns);
        this.columns = new ColumnAsker(filters);
        this.policies = new PolicyAsker(isolated, nanoTime);
        this.patience = requireNonNull(patience, "patience is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// Asks questions of one kind. It answers them in order: at least the first, and as many as there was time
    /// for.
    interface Asker {
        List<RowAnswer> ask(List<Asked> asked, StatementTime work) throws SQLException;
    }

    /// The timeout of the next statement, and the time that statements have taken. Used by one thread.
    static final class StatementTime {
        private final LongSupplier nanoTime;
        private Duration timeout;
        private long nanos;
        private long begun;

        StatementTime(Duration timeout, LongSupplier nanoTime) {
            this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
            this.timeout = requireNonNull(timeout, "timeout is null");
        }

        /// Returns the timeout of each statement.
        Duration timeout() {
            return timeout;
        }

        /// Sets the timeout of each later statement.
        void limit(Duration each) {
            timeout = requireNonNull(each, "each is null");
        }

        /// Starts counting. Call this after getting a connection: the wait for one does not count.
        void begin() {
            begun = nanoTime.getAsLong();
        }

        /// Returns the time that all statements have taken, in nanoseconds.
        long nanos() {
            return nanos;
        }

        void end() {
            nanos += nanoTime.getAsLong() - begun;
        }
    }

    /// The answer to one question.
    ///
    /// @param error the SQLSTATE when the question failed; otherwise [#NO_ERROR]
    record RowAnswer(Truth truth, String error) {
        static final String NO_ERROR = "";

        static RowAnswer of(Truth truth) {
            return new RowAnswer(truth, NO_ERROR);
        }

        static RowAnswer failed(String state) {
            return new RowAnswer(Truth.FAILED, state);
        }
    }

    @Override
    public Outcome ask(Set<Asked> asked) throws UnansweredException {
        if (asked.isEmpty()) {
            return Outcome.NOTHING;
        }
        Map<RoleSession, List<Asked>> filters = new LinkedHashMap<>();
        Map<RoleSession, List<Asked>> withPatterns = new LinkedHashMap<>();
        Map<PolicyExpression, List<Asked>> groups = new LinkedHashMap<>();
        for (Asked one : asked) {
            switch (one.question()) {
                case ColumnQuestion question
                when question.effort() != Effort.USUAL ->
                    withPatterns
                            .computeIfAbsent(question.session(), _ -> new ArrayList<>())
                            .add(one);
                case ColumnQuestion question ->
                    filters.computeIfAbsent(question.session(), _ -> new ArrayList<>())
                            .add(one);
                case PolicyQuestion question ->
                    groups.computeIfAbsent(question.expression(), _ -> new ArrayList<>())
                            .add(one);
                default -> throw new IllegalArgumentException("unknown kind of question: " + one.question());
            }
        }
        Answering answering = new Answering();
        for (List<Asked> group : filters.values()) {
            new Round(columns, answering).ask(group);
        }
        for (List<Asked> group : groups.values()) {
            new Round(policies, answering).ask(group);
        }
        for (List<Asked> group : withPatterns.values()) {
            new PatternRound(patterns, patience, answering::take, nanoTime).ask(group);
        }
        return new Outcome(answering.answers, answering.failures);
    }

    /// The answers so far.
    private static final class Answering {
        private final Map<Asked, Truth> answers = new HashMap<>();
        private final Map<Asked, Failure> failures = new HashMap<>();

        void take(Asked asked, RowAnswer answer) {
            answers.put(asked, requireNonNull(answer).truth());
            if (answer.truth() == Truth.FAILED) {
                failures.put(asked, new Failure(answer.error(), mayPass(answer.error())));
            }
        }
    }

    /// Whether the error may pass and is not caused by the expression: a timeout, a lock, a deadlock, no room, a
    /// catalog that just changed.
    private static boolean mayPass(String state) {
        return state.equals("55P03") || PASSING_CLASSES.contains(state.substring(0, Math.min(2, state.length())));
    }

    /// Asks the questions about one expression, within its time.
    private final class Round {
        private final Asker asker;
        private final Answering answering;
        private final StatementTime work = new StatementTime(patience.first, nanoTime);

        Round(Asker asker, Answering answering) {
            this.asker = asker;
            this.answering = answering;
        }

        /// Asks all questions.
        void ask(List<Asked> asked) throws UnansweredException {
            List<Asked> left = asked;
            while (!left.isEmpty()) {
                left = askSome(left);
            }
        }

        /// Asks some of the questions, at least the first.
        ///
        /// @return the questions that are still to be asked
        private List<Asked> askSome(List<Asked> asked) throws UnansweredException {
            if (asked.size() == 1) {
                askOne(asked.getFirst());
                return List.of();
            }
            try {
                work.timeout = patience.first;
                return takeAll(asked, asker.ask(asked, work));
            } catch (SQLException e) {
                String state = state(e);
                if (!timeLeft().isPositive()) {
                    log.debug("No time is left for {} questions", asked.size(), e);
                    asked.forEach(one -> answering.take(one, RowAnswer.failed(state)));
                    return List.of();
                }
                int half = asked.size() / 2;
                ask(asked.subList(0, half));
                return asked.subList(half, asked.size());
            }
        }

        private List<Asked> takeAll(List<Asked> asked, List<RowAnswer> given) throws UnansweredException {
            for (int i = 0; i < given.size(); i++) {
                if (mayPass(given.get(i)) && timeLeft().isPositive()) {
                    askOne(asked.get(i));
                } else {
                    answering.take(asked.get(i), given.get(i));
                }
            }
            return asked.subList(given.size(), asked.size());
        }

        private static boolean mayPass(RowAnswer answer) {
            return answer.truth() == Truth.FAILED && PostgresRowEvaluator.mayPass(answer.error());
        }

        /// Asks one question, again with twice the time after each failure that may pass.
        private void askOne(Asked asked) throws UnansweredException {
            work.timeout = patience.first;
            for (int tries = 1; ; tries++) {
                RowAnswer answer;
                try {
                    answer = asker.ask(List.of(asked), work).getFirst();
                } catch (SQLException e) {
                    answer = RowAnswer.failed(state(e));
                }
                Duration left = timeLeft();
                if (!mayPass(answer) || !left.isPositive() || tries == TRIES_MAX) {
                    answering.take(asked, answer);
                    return;
                }
                Duration twice = work.timeout.multipliedBy(2);
                work.timeout = twice.compareTo(left) < 0 ? twice : left;
            }
        }

        private Duration timeLeft() {
            return patience.total.minusNanos(work.nanos).truncatedTo(ChronoUnit.MILLIS);
        }
    }

    static String state(SQLException e) throws UnansweredException {
        if (e.getCause() instanceof SocketTimeoutException) {
            return TIMED_OUT;
        }
        if (SqlStates.saysPostgresIsAway(e)) {
            throw new UnansweredException(e);
        }
        return String.valueOf(e.getSQLState());
    }
}
