package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.ColumnQuestion;
import dev.walcast.filters.Truth;
import dev.walcast.filters.UnansweredException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks a real Postgres, questions of a kind together. Where that fails, the halves are asked by themselves, so that
/// only the question at fault stays without an answer. Safe for any thread.
public final class PostgresOracle implements Oracle {
    private static final Logger log = LoggerFactory.getLogger(PostgresOracle.class);
    private static final String TIMED_OUT = "57014";

    /// How long a search for the questions at fault may go on.
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final ColumnAsker columns;
    private final PolicyAsker policies;

    /// @param dataSource of connections as clients have them, for filters
    /// @param isolated   of connections made by [IsolatedConnections], for policies
    public PostgresOracle(DataSource dataSource, DataSource isolated) {
        this.columns = new ColumnAsker(dataSource);
        this.policies = new PolicyAsker(isolated);
    }

    /// Answers questions of one kind, all or none, in their order.
    interface Asker {
        List<Answer> ask(List<Asked> asked) throws SQLException;
    }

    /// @param error the SQLSTATE when it failed; null otherwise
    record Answer(Truth truth, String error) {
        static final String NO_ERROR = "";

        static Answer of(Truth truth) {
            return new Answer(truth, NO_ERROR);
        }

        static Answer failed(String state) {
            return new Answer(Truth.FAILED, state);
        }
    }

    @Override
    public Outcome ask(Set<Asked> asked) throws UnansweredException {
        if (asked.isEmpty()) {
            return Outcome.NOTHING;
        }
        Answering answering = new Answering(System.nanoTime() + PATIENCE.toNanos());
        List<Asked> filters = new ArrayList<>();
        Map<PolicyExpression, List<Asked>> groups = new LinkedHashMap<>();
        for (Asked one : asked) {
            switch (one.question()) {
                case ColumnQuestion _ -> filters.add(one);
                case PolicyQuestion question ->
                    groups.computeIfAbsent(question.expression(), _ -> new ArrayList<>())
                            .add(one);
                default -> throw new IllegalArgumentException("nobody answers " + one.question());
            }
        }
        answering.ask(filters, columns);
        for (List<Asked> group : groups.values()) {
            answering.ask(group, policies);
        }
        return new Outcome(answering.answers, answering.failures);
    }

    /// One round of answers under way.
    private static final class Answering {
        private final long deadline;
        private final Map<Asked, Truth> answers = new HashMap<>();
        private final Map<Asked, Failure> failures = new HashMap<>();

        Answering(long deadline) {
            this.deadline = deadline;
        }

        void ask(List<Asked> asked, Asker asker) throws UnansweredException {
            if (asked.isEmpty()) {
                return;
            }
            try {
                List<Answer> given = asker.ask(asked);
                for (int i = 0; i < asked.size(); i++) {
                    take(asked.get(i), given.get(i));
                }
            } catch (SQLException e) {
                if (SqlStates.saysPostgresIsAway(e)) {
                    throw new UnansweredException(e);
                }
                String state = String.valueOf(e.getSQLState());
                boolean ofOne = state.equals(TIMED_OUT) || SqlStates.saysTheValueIsWrong(e);
                if (ofOne && asked.size() > 1 && System.nanoTime() < deadline) {
                    int half = asked.size() / 2;
                    ask(asked.subList(0, half), asker);
                    ask(asked.subList(half, asked.size()), asker);
                    return;
                }
                log.debug("Questions stay without an answer", e);
                asked.forEach(one -> take(one, Answer.failed(state)));
            }
        }

        private void take(Asked asked, Answer answer) {
            answers.put(asked, requireNonNull(answer).truth());
            if (answer.truth() == Truth.FAILED) {
                failures.put(asked, new Failure(answer.error(), answer.error().equals(TIMED_OUT)));
            }
        }
    }
}
