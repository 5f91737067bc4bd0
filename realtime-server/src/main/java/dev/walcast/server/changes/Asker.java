package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Answers;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Oracle;
import dev.walcast.rls.Oracle.Asked;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Delivers changes in order after Postgres was asked, once for all of them, what memory cannot decide. Waits for
/// as long as Postgres is away. Safe for any thread.
final class Asker {
    private static final Logger log = LoggerFactory.getLogger(Asker.class);
    private static final Duration ASK_AGAIN_AFTER = Duration.ofMillis(500);

    private final Oracle oracle;
    private final Delivery delivery;

    /// A change and those whom it may concern.
    record Inquiry(List<Candidate> candidates, Encodings encodings) {
        Inquiry {
            candidates = List.copyOf(candidates);
            requireNonNull(encodings, "encodings is null");
        }
    }

    Asker(Oracle oracle, Delivery delivery) {
        this.oracle = requireNonNull(oracle, "oracle is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
    }

    Answers ask(List<Inquiry> inquiries) throws InterruptedException {
        return untilAnswered(() -> {
            Set<Asked> questions = questions(inquiries);
            return questions.isEmpty() ? Answers.NONE : ask(inquiries, questions);
        });
    }

    private Answers ask(List<Inquiry> inquiries, Set<Asked> questions) throws UnansweredException {
        QuestionsEvent event = new QuestionsEvent();
        event.begin();
        Answers answers = oracle.ask(questions);
        event.changes = inquiries.size();
        event.questions = questions.size();
        event.commit();
        return answers;
    }

    private Set<Asked> questions(List<Inquiry> inquiries) throws UnansweredException {
        Set<Asked> asked = new LinkedHashSet<>();
        for (Inquiry inquiry : inquiries) {
            for (Candidate candidate : inquiry.candidates) {
                delivery.undecided(candidate, inquiry.encodings.change(), asked::add);
            }
        }
        return asked;
    }

    void deliver(Inquiry inquiry, Answers answers) throws InterruptedException {
        for (Candidate candidate : inquiry.candidates) {
            deliver(candidate, inquiry.encodings, answers);
        }
    }

    /// Something that has become undecided since the questions were named, as when a viewer changed, is asked by
    /// itself.
    private void deliver(Candidate candidate, Encodings encodings, Answers answers) throws InterruptedException {
        try {
            if (!untilAnswered(() -> delivery.deliver(candidate, encodings, answers))) {
                Answers own = ask(List.of(new Inquiry(List.of(candidate), encodings)));
                if (!untilAnswered(() -> delivery.deliver(candidate, encodings, own))) {
                    log.warn(
                            "A change stays undecided and hidden: {}",
                            encodings.change().position());
                }
            }
        } catch (RuntimeException e) {
            log.error("A change could not be delivered", e);
        }
    }

    @FunctionalInterface
    private interface Asking<T> {
        T ask() throws UnansweredException;
    }

    private static <T> T untilAnswered(Asking<T> asking) throws InterruptedException {
        boolean said = false;
        while (true) {
            try {
                return asking.ask();
            } catch (UnansweredException e) {
                if (!said) {
                    log.info("Changes wait for the database: {}", String.valueOf(e.getMessage()));
                    said = true;
                }
                Thread.sleep(ASK_AGAIN_AFTER);
            }
        }
    }
}
