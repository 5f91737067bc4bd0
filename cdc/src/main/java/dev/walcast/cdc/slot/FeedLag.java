package dev.walcast.cdc.slot;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.Lsn;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/// Measures the age of the oldest change that may not be delivered yet.
///
/// A mark is a position in the log and a time: what was committed before that time lies before that position.
/// Once everything up to the position is delivered, nothing older than that time is missing. Heartbeats, and
/// the end of the log which is read once a second, are such marks. When the feed is behind, or nothing proves
/// that it is not, the lag counts from the newest such time. So it may be up to one heartbeat too long, and is
/// never too short by more than a few seconds. Safe for any thread.
public final class FeedLag {
    /// How long a healthy feed may take to pass a heartbeat, to deliver what it has received, or to be
    /// observed.
    private static final Duration HEALTHY = Duration.ofSeconds(3);

    /// How long, beyond a heartbeat, there may be no progress while nothing proves that everything is
    /// delivered.
    private static final Duration STALL = Duration.ofSeconds(5);

    private static final int MARKS_MAX = 1_000;

    private final Duration heartbeat;
    private final LongSupplier nanoTime;

    @GuardedBy("this")
    private final Deque<Mark> marks = new ArrayDeque<>();

    @GuardedBy("this")
    private long provenNanos;

    @GuardedBy("this")
    private long movedNanos;

    @GuardedBy("this")
    private long lookedNanos;

    @GuardedBy("this")
    private ChangeSource.Activity seen = new ChangeSource.Activity(Lsn.ZERO, 0, false, 0, ChangeSource.Reading.NONE);

    @GuardedBy("this")
    private Lsn delivered = Lsn.ZERO;

    /// The last transaction received when the wait for delivery began; zero when nothing waits.
    @GuardedBy("this")
    private Lsn pending = Lsn.ZERO;

    @GuardedBy("this")
    private long pendingNanos;

    /// @param heartbeat the longest time between marks
    /// @param nanoTime  a monotonic clock
    FeedLag(Duration heartbeat, LongSupplier nanoTime) {
        this.heartbeat = requireNonNull(heartbeat, "heartbeat is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        begin();
    }

    private record Mark(Lsn lsn, long nanos, boolean beat) {}

    /// The feed's state at one moment.
    ///
    /// @param lag     the age of the oldest change that may not be delivered; zero when all are delivered
    /// @param stalled whether there was no progress for long, although there may be changes to deliver
    public record Status(Duration lag, boolean stalled) {
        public Status {
            requireNonNull(lag, "lag is null");
        }
    }

    /// Starts anew with a feed; forgets what came before it.
    public synchronized void begin() {
        long now = nanoTime.getAsLong();
        marks.clear();
        provenNanos = now;
        movedNanos = now;
        lookedNanos = now;
        delivered = Lsn.ZERO;
        pending = Lsn.ZERO;
    }

    /// Records a heartbeat, which the reader must pass.
    ///
    /// @param beforeNanos a time before it was written
    synchronized void beat(Lsn lsn, long beforeNanos) {
        add(new Mark(lsn, beforeNanos, true));
    }

    /// Records the end of the log. The log before it may hold nothing for the reader.
    ///
    /// @param beforeNanos a time before the database was asked
    public synchronized void logEnd(Lsn lsn, long beforeNanos) {
        add(new Mark(lsn, beforeNanos, false));
    }

    @GuardedBy("this")
    private void add(Mark mark) {
        if (marks.size() >= MARKS_MAX) {
            marks.removeLast();
        }
        marks.add(mark);
        pass();
    }

    /// The database decodes for the reader, without sending anything yet.
    synchronized void decodes() {
        movedNanos = nanoTime.getAsLong();
    }

    /// To be called about once a second.
    ///
    /// @param deliveredThrough up to where everything is delivered
    public synchronized void look(ChangeSource.Activity activity, Lsn deliveredThrough) {
        long now = nanoTime.getAsLong();
        lookedNanos = now;
        notice(activity, now);
        if (!deliveredThrough.equals(delivered)) {
            delivered = deliveredThrough;
            movedNanos = now;
        }
        if (!pending.isAfter(delivered)) {
            boolean waits = activity.reached().isAfter(delivered) || activity.delivering();
            pending = waits ? activity.reached() : Lsn.ZERO;
            pendingNanos = now;
        }
        pass();
    }

    @GuardedBy("this")
    private void notice(ChangeSource.Activity activity, long now) {
        if (activity.records() != seen.records() || !activity.reached().equals(seen.reached())) {
            movedNanos = now;
        }
        seen = activity;
    }

    @GuardedBy("this")
    private void pass() {
        while (!marks.isEmpty() && !marks.element().lsn().isAfter(delivered)) {
            provenNanos = marks.remove().nanos();
        }
    }

    /// Returns the feed's state.
    ///
    /// @param streaming whether the source has a working connection, as far as it knows
    public synchronized Status status(ChangeSource.Activity activity, boolean streaming) {
        long now = nanoTime.getAsLong();
        notice(activity, now);
        Duration waiting = Duration.ofNanos(Math.max(sinceBeat(activity, now), sincePending(now)));
        boolean healthy = streaming
                && waiting.compareTo(HEALTHY) < 0
                && now - lookedNanos < HEALTHY.toNanos()
                && now - provenNanos < heartbeat.plus(HEALTHY).toNanos();
        Duration lag = healthy ? waiting : Duration.ofNanos(now - provenNanos);
        long still = now - Math.max(provenNanos, movedNanos);
        return new Status(lag, still > heartbeat.plus(STALL).toNanos());
    }

    @GuardedBy("this")
    private long sinceBeat(ChangeSource.Activity activity, long now) {
        for (Mark mark : marks) {
            if (mark.beat() && !activity.reached().isAfter(mark.lsn())) {
                return now - mark.nanos();
            }
        }
        return 0;
    }

    @GuardedBy("this")
    private long sincePending(long now) {
        return pending.equals(Lsn.ZERO) ? 0 : now - pendingNanos;
    }
}
