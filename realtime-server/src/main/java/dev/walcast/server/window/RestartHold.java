package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Knows for how long after a restart the window keeps what the former server has not delivered, so that its clients
/// can reconnect. Guarded by the window's lock.
final class RestartHold {
    private final Duration lasts;
    private final LongSupplier nanoTime;
    private FeedStart start = new FeedStart("0".repeat(FeedStart.EPOCH_LENGTH), false, Lsn.ZERO, Lsn.ZERO, Lsn.ZERO);
    private long until;
    private boolean ready;

    RestartHold(Duration lasts, LongSupplier nanoTime) {
        this.lasts = requireNonNull(lasts, "lasts is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    void begin(FeedStart fresh) {
        start = fresh;
        until = nanoTime.getAsLong() + lasts.toNanos();
        ready = fresh.reach().equals(Lsn.ZERO);
    }

    /// How the feed began.
    FeedStart start() {
        return start;
    }

    /// Whether everything from before the server's start is in the window, or there is no more room for it.
    boolean isReady() {
        return ready;
    }

    /// Notes how far the feed has come. The time for clients to reconnect begins when everything they may have missed
    /// is in the window.
    ///
    /// @return whether this transaction made it ready
    boolean reach(Lsn lsn) {
        if (ready || !lsn.isAfter(start.reach())) {
            return false;
        }
        ready = true;
        until = nanoTime.getAsLong() + lasts.toNanos();
        return true;
    }

    /// Makes it ready because there is no room for more.
    ///
    /// @return whether it was not ready before
    boolean forceReady() {
        boolean before = ready;
        ready = true;
        return !before;
    }

    boolean isHolding() {
        return start.continued() && (!ready || nanosLeft() > 0);
    }

    long nanosLeft() {
        return until - nanoTime.getAsLong();
    }

    /// Whether it was committed after the former server's last delivery, and clients may still reconnect.
    boolean protects(Lsn lsn) {
        return isHolding() && lsn.isAfter(start.delivered());
    }
}
