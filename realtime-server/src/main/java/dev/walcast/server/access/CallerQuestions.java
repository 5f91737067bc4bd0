package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/// Asks what callers without a socket may send to private topics, in the same queue as the questions of sockets. All
/// callers together have one share of that queue, and each caller has a part of it. Safe for any thread.
public final class CallerQuestions {
    /// How long all questions of one request may wait for their turn, together.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TopicQuestions questions;

    public CallerQuestions(TopicQuestions questions) {
        this.questions = requireNonNull(questions, "questions is null");
    }

    /// Returns one caller's share. It is kept as long as the caller is known.
    public Share share() {
        return new Share(new Semaphore(questions.atOnceOfCaller(), true));
    }

    /// How many questions one caller may ask at once.
    public final class Share {
        private final Semaphore permits;

        private Share(Semaphore permits) {
            this.permits = permits;
        }

        /// Begins a request: its questions wait until a common deadline and are refused after it.
        public Request begin() {
            return new Request(permits, questions.deadlineNanos(PATIENCE));
        }
    }

    /// The questions of one request.
    public final class Request {
        private final Semaphore permits;
        private final long deadlineNanos;

        private Request(Semaphore permits, long deadlineNanos) {
            this.permits = permits;
            this.deadlineNanos = deadlineNanos;
        }

        /// Returns what the caller may send. Blocks.
        ///
        /// @throws TopicCheckException when the database could not answer, or the question waited too long
        ///                             ([TopicCheckException.Reason#CALLER_BUSY] for the caller's own,
        ///                             [TopicCheckException.Reason#POOL_EXHAUSTED] for those of all)
        public TopicAccess write(TopicQuestion question) throws TopicCheckException {
            return questions.write(permits, deadlineNanos, question);
        }
    }
}
