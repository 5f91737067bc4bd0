package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicPermissions.Access;
import dev.walcast.rls.topic.TopicPermissions.Question;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/// Asks what callers without a socket may send to private topics, in the same queue as the questions of sockets. All
/// callers together have a share of it, and each caller a share of that. Safe for any thread.
public final class CallerQuestions {
    /// How long all questions of one request may wait for their turn, together.
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final TopicQuestions questions;

    public CallerQuestions(TopicQuestions questions) {
        this.questions = requireNonNull(questions, "questions is null");
    }

    /// One caller's share, to be kept for as long as the caller is known.
    public Share share() {
        return new Share(new Semaphore(questions.atOnceOfCaller(), true));
    }

    /// What one caller may have of the questions.
    public final class Share {
        private final Semaphore permits;

        private Share(Semaphore permits) {
            this.permits = permits;
        }

        /// Begins a request: its questions wait until a common deadline and are refused after it.
        public Request begin() {
            return new Request(permits, System.nanoTime() + PATIENCE.toNanos());
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

        /// What the caller may send. Blocks.
        ///
        /// @throws TopicCheckException when the database could not say, or the question waited too long
        ///                             ([TopicCheckException.Reason#CALLER_BUSY] for the caller's own,
        ///                             [TopicCheckException.Reason#POOL_EXHAUSTED] for those of all)
        public Access write(Question question) throws TopicCheckException {
            return questions.write(permits, deadlineNanos, question);
        }
    }
}
