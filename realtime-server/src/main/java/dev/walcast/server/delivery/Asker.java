package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.question.RowEvaluator.Outcome;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.sql.SqlStates;
import dev.walcast.server.encode.Encodings;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks Postgres what memory cannot decide about changes, for many at once. Waits for as long as Postgres is away. Safe
/// for any thread.
public final class Asker {
    private static final Logger log = LoggerFactory.getLogger(Asker.class);
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(500);

    private final RowEvaluator oracle;
    private final Delivery delivery;

    /// A change, and what it may concern of one subscription.
    public record Inquiry(Encodings encodings, List<Candidate> candidates) {
        public Inquiry {
            requireNonNull(encodings, "encodings is null");
            candidates = List.copyOf(candidates);
        }
    }

    /// @param outcome what Postgres said
    /// @param failed  inquiries of viewers for which the policies could not be evaluated, by identity: their
    ///                changes stay
    ///                undecided
    public record Asking(Outcome outcome, Set<Inquiry> failed) {}

    public Asker(RowEvaluator oracle, Delivery delivery) {
        this.oracle = requireNonNull(oracle, "oracle is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
    }

    /// What to do between two attempts.
    @FunctionalInterface
    public interface Pause {
        /// @param time how long to wait
        /// @return whether to try again
        boolean mayTryAgain(Duration time) throws InterruptedException;
    }

    /// @param inquiries called before each attempt
    Asking ask(Supplier<List<Inquiry>> inquiries) throws InterruptedException {
        return ask(inquiries, time -> {
                    Thread.sleep(time);
                    return true;
                })
                .orElseThrow();
    }

    /// @param inquiries called before each attempt
    /// @param pause     called after each attempt that was in vain
    /// @return empty when there is no further attempt
    public Optional<Asking> ask(Supplier<List<Inquiry>> inquiries, Pause pause) throws InterruptedException {
        boolean logged = false;
        while (true) {
            try {
                return Optional.of(attempt(inquiries.get()));
            } catch (UnansweredException | SQLException e) {
                if (!logged) {
                    log.info("Changes wait for the database: {}", String.valueOf(e.getMessage()));
                    logged = true;
                }
                if (!pause.mayTryAgain(ASK_AGAIN_AFTER)) {
                    return Optional.empty();
                }
            }
        }
    }

    private Asking attempt(List<Inquiry> inquiries) throws UnansweredException, SQLException, InterruptedException {
        Set<Inquiry> failed = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<Asked> asked = new LinkedHashSet<>();
        for (Inquiry inquiry : prepared(inquiries, failed)) {
            inquiry.candidates.forEach(candidate -> delivery.undecided(candidate, inquiry.encodings, asked::add));
        }
        return new Asking(asked.isEmpty() ? Outcome.NOTHING : ask(inquiries.size(), asked), failed);
    }

    private Outcome ask(int changes, Set<Asked> asked) throws UnansweredException {
        QuestionsEvent event = new QuestionsEvent();
        event.begin();
        Outcome outcome = oracle.ask(asked);
        event.changes = changes;
        event.questions = asked.size();
        event.commit();
        return outcome;
    }

    private record Preparation(Viewer viewer, RightsMark mark) {}

    /// @return those whose viewers' rights and policies are at hand
    private List<Inquiry> prepared(List<Inquiry> inquiries, Set<Inquiry> failed)
            throws SQLException, InterruptedException {
        Set<Preparation> done = new HashSet<>();
        List<Inquiry> prepared = new ArrayList<>();
        for (Inquiry inquiry : inquiries) {
            boolean ready = true;
            for (Candidate candidate : inquiry.candidates) {
                Viewer viewer = candidate.resolution().viewer();
                ready &= !done.add(new Preparation(viewer, inquiry.encodings.mark()))
                        || isPrepared(viewer, inquiry.encodings);
            }
            (ready ? prepared : failed).add(inquiry);
        }
        return prepared;
    }

    /// An error of one viewer's own claims or policies must not hold up the others.
    private boolean isPrepared(Viewer viewer, Encodings encodings) throws SQLException, InterruptedException {
        try {
            delivery.prepare(viewer, encodings);
            return true;
        } catch (SQLException e) {
            if (SqlStates.remedy(e) == SqlStates.Remedy.WAIT) {
                throw e;
            }
            log.debug("The policies of a viewer could not be evaluated", e);
            return false;
        }
    }
}
