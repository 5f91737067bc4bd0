package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.log.OncePerMinute;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.topic.MessageHistory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Asks the database about private topics, a bounded number of questions at once: a flood of questions waits here and
/// not in the connection pool. Questions are served in order of arrival. One that waits too long is refused.
///
/// Joins may use all permits, and one client its share of them. Rechecks and callers without a socket have shares of
/// their own, so that a storm of either leaves permits to joins.
public final class TopicQuestions {
    private static final Logger LOG = LoggerFactory.getLogger(TopicQuestions.class);

    /// Clients wait ten seconds for the reply to a join.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final TopicPermissions permissions;
    private final MessageHistory history;
    private final int atOnce;
    private final Semaphore permits;
    private final Semaphore recheckPermits;
    private final Semaphore callerPermits;
    private final LongSupplier nanoTime;
    private final OncePerMinute<ErrorCode> failures;

    /// @param nanoTime a monotonic clock, in nanoseconds
    public TopicQuestions(TopicPermissions permissions, MessageHistory history, int atOnce, LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.failures = new OncePerMinute<>(nanoTime);
        this.permissions = requireNonNull(permissions, "permissions is null");
        this.history = requireNonNull(history, "history is null");
        this.atOnce = atOnce;
        this.permits = new Semaphore(atOnce, true);
        this.recheckPermits = new Semaphore(recheckAtOnce(), true);
        this.callerPermits = new Semaphore(Math.max(1, atOnce / 2), true);
    }

    interface Query<T> {
        T ask(TopicPermissions permissions, MessageHistory history)
                throws TopicCheckException, MessageHistory.HistoryException;
    }

    /// Returns the time of the clock after the given duration, in nanoseconds.
    long deadlineNanos(Duration patience) {
        return nanoTime.getAsLong() + patience.toNanos();
    }

    /// How many permits one caller without a socket may hold, of the half that all callers share.
    int atOnceOfCaller() {
        return Math.max(1, atOnce / 4);
    }

    /// How many permits rechecks may hold.
    int recheckAtOnce() {
        return Math.max(1, atOnce / 4);
    }

    /// Blocks until there is an answer. A refusal names the bound that was reached: the socket's, the client's, or
    /// the server's.
    <T> TopicAnswer<T> ask(Semaphore permitsOfSocket, Semaphore permitsOfClient, Query<T> question) {
        long deadlineNanos = deadlineNanos(PATIENCE);
        return within(
                permitsOfSocket,
                ErrorCode.CHECKS_OF_SOCKET_TOO_MANY,
                deadlineNanos,
                () -> within(
                        permitsOfClient,
                        ErrorCode.CHECKS_OF_CLIENT_TOO_MANY,
                        deadlineNanos,
                        () -> within(permits, deadlineNanos, () -> answer(question))));
    }

    /// Asks again what a client may receive. Blocks until there is an answer. A question that failed for any reason
    /// is refused; the caller logs it.
    TopicAnswer<TopicAccess> recheck(TopicPermissions.TopicQuestion question, boolean presence) {
        long deadlineNanos = deadlineNanos(PATIENCE);
        return within(
                recheckPermits,
                deadlineNanos,
                () -> within(permits, deadlineNanos, () -> readAgain(question, presence)));
    }

    private TopicAnswer<TopicAccess> readAgain(TopicPermissions.TopicQuestion question, boolean presence) {
        try {
            return new TopicAnswer.Given<>(permissions.read(question, presence));
        } catch (TopicCheckException e) {
            LOG.debug("The rights of a private channel could not be confirmed ({})", e.reason(), e);
            return refused(refusal(e.reason()));
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("The rights of a private channel could not be confirmed", e);
            return refused(ErrorCode.TOPIC_DATABASE_UNREACHABLE.refusal());
        }
    }

    /// Asks what a caller without a socket may send. Blocks until there is an answer.
    ///
    /// @param deadlineNanos the question is refused when its turn has not come by then
    TopicAccess write(Semaphore permitsOfCaller, long deadlineNanos, TopicPermissions.TopicQuestion question)
            throws TopicCheckException {
        List<Semaphore> taken = new ArrayList<>();
        try {
            for (Semaphore next : List.of(permitsOfCaller, callerPermits, permits)) {
                if (!next.tryAcquire(deadlineNanos - nanoTime.getAsLong(), TimeUnit.NANOSECONDS)) {
                    throw new TopicCheckException(
                            taken.isEmpty() ? Reason.CALLER_BUSY : Reason.POOL_EXHAUSTED, "too many questions wait");
                }
                taken.add(next);
            }
            return permissions.write(question);
        } catch (TopicCheckException e) {
            Refusal _ = reported(e);
            throw e;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            throw new TopicCheckException(Reason.CANCELED, "interrupted");
        } finally {
            taken.forEach(Semaphore::release);
        }
    }

    private interface Step<T> {
        TopicAnswer<T> take();
    }

    private <T> TopicAnswer<T> within(Semaphore permits, long deadlineNanos, Step<T> step) {
        return within(permits, ErrorCode.TOPIC_POOL_EXHAUSTED, deadlineNanos, step);
    }

    private <T> TopicAnswer<T> within(Semaphore permits, ErrorCode full, long deadlineNanos, Step<T> step) {
        try {
            if (!permits.tryAcquire(deadlineNanos - nanoTime.getAsLong(), TimeUnit.NANOSECONDS)) {
                return refused(full.refusal());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return refused(ErrorCode.RESTARTING.refusal());
        }
        try {
            return step.take();
        } finally {
            permits.release();
        }
    }

    private <T> TopicAnswer<T> answer(Query<T> question) {
        try {
            return new TopicAnswer.Given<>(question.ask(permissions, history));
        } catch (TopicCheckException e) {
            return refused(reported(e));
        } catch (MessageHistory.HistoryException e) {
            if (failures.tryTake(ErrorCode.REPLAY_FAILED)) {
                LOG.warn("Stored broadcasts could not be read: {}. Logged once a minute.", e.getMessage());
            }
            return refused(ErrorCode.REPLAY_FAILED.refusal());
        }
    }

    /// Logs the failure, at a bounded pace, because a client can cause it with every join.
    private Refusal reported(TopicCheckException failure) {
        Refusal refusal = refusal(failure.reason());
        if (failures.tryTake(refusal.code())) {
            LOG.warn(
                    "The rights of a client on a private topic could not be read ({}): {}. Logged once a minute.",
                    failure.reason(),
                    failure.getMessage());
        }
        return refusal;
    }

    private static Refusal refusal(TopicCheckException.Reason reason) {
        return switch (reason) {
            case NOT_INSTALLED -> ErrorCode.PRIVATE_NOT_INSTALLED.refusal();
            case POOL_EXHAUSTED -> ErrorCode.TOPIC_POOL_EXHAUSTED.refusal();
            case CALLER_BUSY -> ErrorCode.CHECKS_OF_CLIENT_TOO_MANY.refusal();
            case CANCELED -> ErrorCode.TOPIC_QUERY_CANCELED.refusal();
            case PARTITION_MISSING -> ErrorCode.TOPIC_PARTITION_MISSING.refusal();
            case UNREACHABLE -> ErrorCode.TOPIC_DATABASE_UNREACHABLE.refusal();
        };
    }

    private static <T> TopicAnswer<T> refused(Refusal refusal) {
        return new TopicAnswer.Refused<>(refusal);
    }
}
