package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts something that needs the database, and tries again while that can help. Logs each reason once, and also
/// that the first attempt takes long.
final class StartRetry implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StartRetry.class);
    private static final Duration SLOW = Duration.ofSeconds(2);
    private static final Duration FIRST_WAIT = Duration.ofMillis(500);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

    private final String where;
    private final CountDownLatch closing = new CountDownLatch(1);

    /// @param where the database, for log lines
    StartRetry(String where) {
        this.where = requireNonNull(where, "where is null");
    }

    /// One attempt.
    @FunctionalInterface
    interface Attempt {
        /// @throws SourceException when the attempt failed; [temporary][SourceException#temporary()] when it should
        /// be repeated
        void run() throws SourceException;
    }

    /// Returns when an attempt has succeeded.
    ///
    /// @param onWait called when the first attempt has failed and more follow
    /// @throws SourceException when trying again cannot help, or this was closed
    void run(Attempt attempt, Runnable onWait) throws SourceException {
        Duration wait = FIRST_WAIT;
        String said = null;
        while (true) {
            SourceException failure = said == null ? watched(attempt) : failureOf(attempt);
            if (failure == null) {
                return;
            }
            if (!failure.temporary() || isClosed()) {
                throw failure;
            }
            if (said == null) {
                onWait.run();
            }
            said = logOnce(failure, said);
            if (awaitClose(wait)) {
                throw failure;
            }
            Duration doubled = wait.multipliedBy(2);
            wait = doubled.compareTo(LONGEST_WAIT) < 0 ? doubled : LONGEST_WAIT;
        }
    }

    private static String logOnce(SourceException failure, @Nullable String said) {
        String message = String.valueOf(failure.getMessage());
        if (!message.equals(said)) {
            log.warn("The server cannot start yet and will try again: {}", message);
        }
        return message;
    }

    private @Nullable SourceException watched(Attempt attempt) {
        CountDownLatch answered = new CountDownLatch(1);
        Thread.ofVirtual().name("slow-start").start(() -> warnWhenSlow(answered));
        try {
            return failureOf(attempt);
        } finally {
            answered.countDown();
        }
    }

    private void warnWhenSlow(CountDownLatch answered) {
        try {
            if (!answered.await(SLOW.toMillis(), TimeUnit.MILLISECONDS) && !isClosed()) {
                log.warn(
                        "Postgres at {} has not answered for {} s. The server waits for it. Is the machine up, and"
                                + " does its firewall accept this machine? Check DATABASE_URL.",
                        where,
                        SLOW.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static @Nullable SourceException failureOf(Attempt attempt) {
        try {
            attempt.run();
            return null;
        } catch (SourceException e) {
            return e;
        }
    }

    private boolean isClosed() {
        return closing.getCount() == 0;
    }

    private boolean awaitClose(Duration wait) {
        try {
            return closing.await(wait.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /// Ends the waiting. An attempt under way is not interrupted.
    @Override
    public void close() {
        closing.countDown();
    }
}
