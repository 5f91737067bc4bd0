package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.slot.FeedLag;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.server.changes.ChangePath;
import dev.walcast.server.window.FeedStatus;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stores once a second how far everything was delivered, evicts what the replay window may not keep any longer, and
/// lets the slot advance past it. A supervised thread.
final class WindowKeeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WindowKeeper.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    /// The slot retains more log than what is not confirmed: it begins at its last known snapshot.
    private static final int SHARE_OF_SLOT = 4;

    /// Warns above this share of the allowed log.
    private static final double WARNED_SHARE = 0.8;

    private final ChangePath changes;
    private final ChangeSource source;
    private final FeedLag lag;
    private final long walBytesMax;
    private final LongSupplier nanoTime;
    private final Periodic periodic = new Periodic("keep-window", EVERY, this::keep);
    private volatile Lsn walEnd = Lsn.ZERO;
    private volatile boolean started;
    /// How much log the window may retain; never so much that the slot could be lost.
    private long budget;

    private boolean warned;
    private boolean evicting;

    /// @param lag      notified of what is delivered, and of the log's end
    /// @param nanoTime the clock of the lag
    WindowKeeper(ChangePath changes, ChangeSource source, FeedLag lag, long walBytesMax, LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.changes = requireNonNull(changes, "changes is null");
        this.source = requireNonNull(source, "source is null");
        this.lag = requireNonNull(lag, "lag is null");
        this.walBytesMax = walBytesMax;
        this.budget = walBytesMax;
    }

    void start(Supervisor supervisor) {
        periodic.startWithPause(supervisor);
        started = true;
    }

    private synchronized void keep(TaskActivity activity) {
        try {
            Lsn delivered = changes.deliveredThrough();
            lag.look(source.activity(), delivered);
            long before = nanoTime.getAsLong();
            ChangeSource.Log now;
            try (TaskActivity.Span _ = activity.waits()) {
                now = source.remember(delivered);
            }
            lag.logEnd(now.end(), before);
            walEnd = now.end();
            budget = Math.min(walBytesMax, now.slotBytesMax() / SHARE_OF_SLOT);
            logEvictions(changes.settle(delivered, walEnd, budget));
        } catch (SourceException e) {
            log.debug("The delivered position could not be stored: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.error("The replay window could not be maintained", e);
        }
    }

    private void logEvictions(int evicted) {
        long retained = status().retainedBytes();
        boolean near = retained > budget * WARNED_SHARE;
        if (near && !warned) {
            log.warn("The replay window retains {} MiB of log, near its limit ({})", retained >> 20, limit());
        }
        if (evicted > 0 && !evicting) {
            log.warn("The replay window retained more log than {}: its oldest changes are dropped", limit());
        }
        warned = near;
        evicting = evicted > 0;
    }

    private String limit() {
        return budget < walBytesMax ? "a quarter of Postgres' max_slot_wal_keep_size" : "REPLAY_WAL";
    }

    FeedStatus status() {
        return changes.status(walEnd);
    }

    /// Stores the delivered position a last time.
    @Override
    public void close() {
        if (started && !periodic.isClosed()) {
            periodic.close();
            keep(TaskActivity.unwatched());
        }
    }
}
