package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps what was committed while the server was down from being delivered to nobody: such transactions wait a while,
/// so that clients who lost the server can come back first.
///
/// A transaction committed after the start never waits, unless one from before it does.
final class RestartHold {
    private static final Logger log = LoggerFactory.getLogger(RestartHold.class);

    private final Duration hold;
    private final CountDownLatch closing;
    private final CountDownLatch begun = new CountDownLatch(1);

    /// In microseconds of the database's clock.
    private volatile long startedAt;

    private volatile long deadline;
    private boolean over;

    /// @param closing ends the waiting early
    RestartHold(Duration hold, CountDownLatch closing) {
        this.hold = requireNonNull(hold, "hold is null");
        this.closing = requireNonNull(closing, "closing is null");
    }

    /// @param databaseMicros the database's clock now
    void begin(long databaseMicros) {
        startedAt = databaseMicros;
        deadline = System.nanoTime() + hold.toNanos();
        begun.countDown();
    }

    /// Called on the source's thread, before each transaction.
    void await(Commit commit) {
        if (over) {
            return;
        }
        try {
            over = true;
            boolean known = begun.await(hold.toMillis(), TimeUnit.MILLISECONDS);
            long remaining = deadline - System.nanoTime();
            if (known && commit.timeMicros() < startedAt && remaining > 0) {
                log.info(
                        "Changes were committed while the server was down; they wait {} ms for clients to come back",
                        TimeUnit.NANOSECONDS.toMillis(remaining));
                closing.await(remaining, TimeUnit.NANOSECONDS);
            }
            if (closing.getCount() == 0) {
                over = false;
                throw new IllegalStateException("the server stops before these changes were delivered");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
