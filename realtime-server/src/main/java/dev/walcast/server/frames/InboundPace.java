package dev.walcast.server.frames;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.limits.InboundLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.tasks.Turns;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Limits the pace of one socket's reader thread. Beyond its limits the thread sleeps, and TCP slows the client down.
/// A socket that never gets below its limits is closed. Between frames the thread yields its carrier to other virtual
/// threads, because a thread with endless input never blocks. When many threads are busy it also pauses. Owned by the
/// reader thread.
public final class InboundPace {
    /// After this many frames other threads get a turn.
    private static final int FRAMES_IN_A_ROW = 16;

    /// After this many bytes other threads get a turn.
    private static final int BYTES_IN_A_ROW = 64 * 1024;

    /// After this much work on messages other threads get a turn.
    private static final long WORK_NANOS_IN_A_ROW = 250_000;

    /// A thread that waited this long for its client does not have to yield.
    private static final long RESTED_NANOS = 1_000_000;

    /// Shorter pauses are added up.
    private static final long PAUSE_NANOS_MIN = 20_000_000;

    private final Allowance frames;
    private final Allowance bytes;
    private final long patienceNanos;
    private final LongSupplier nanos;
    private final Rest rest;

    private int framesInARow;
    private int bytesInARow;
    private long workNanosInARow;
    private boolean heldBack;
    private long heldBackSinceNanos;

    /// Lets the reader thread leave its carrier.
    interface Rest {
        /// Lets other threads run.
        void yieldTurn();

        /// Pauses. An interrupted pause ends at once and keeps the interrupt.
        void pause(Duration time);
    }

    InboundPace(InboundLimits limits, LongSupplier nanos, Rest rest) {
        long now = nanos.getAsLong();
        this.frames = new Allowance(limits.frames(), now);
        this.bytes = new Allowance(limits.bytes(), now);
        this.patienceNanos = limits.patience().toNanos();
        this.nanos = requireNonNull(nanos, "nanos is null");
        this.rest = requireNonNull(rest, "rest is null");
    }

    /// Creates the pace of a socket that was just opened.
    public static InboundPace of(SocketLimits limits) {
        return new InboundPace(InboundLimits.of(limits), System::nanoTime, new ThreadRest());
    }

    /// Counts a frame of any kind, before its payload is read.
    ///
    /// @throws InvalidFrameException when the socket has been beyond its limits for too long
    void frame() throws InvalidFrameException {
        if (++framesInARow >= FRAMES_IN_A_ROW) {
            yieldTurn();
        }
        long now = nanos.getAsLong();
        hold(frames.take(1, now), now);
        if (heldBack && nanos.getAsLong() - heldBackSinceNanos > patienceNanos) {
            throw new InvalidFrameException(CloseReason.FLOOD);
        }
    }

    /// Counts received bytes.
    public void bytes(int count) {
        bytesInARow += count;
        if (bytesInARow >= BYTES_IN_A_ROW) {
            yieldTurn();
        }
        long now = nanos.getAsLong();
        hold(bytes.take(count, now), now);
    }

    /// Records the time spent on a message. It adds up over the messages of a row.
    public void worked(long workNanos) {
        workNanosInARow += workNanos;
        if (workNanosInARow >= WORK_NANOS_IN_A_ROW) {
            yieldTurn();
        }
    }

    /// Records the time spent waiting for the client. A long wait begins a new row.
    public void waited(long waitedNanos) {
        if (waitedNanos >= RESTED_NANOS) {
            beginRow();
        }
    }

    private void beginRow() {
        framesInARow = 0;
        bytesInARow = 0;
        workNanosInARow = 0;
    }

    private void hold(long overNanos, long now) {
        if (overNanos > 0) {
            if (!heldBack) {
                heldBack = true;
                heldBackSinceNanos = now;
            }
            rest.pause(Duration.ofNanos(Math.max(PAUSE_NANOS_MIN, overNanos)));
        } else if (heldBack && frames.isHalfFree(now) && bytes.isHalfFree(now)) {
            heldBack = false;
        }
    }

    private void yieldTurn() {
        beginRow();
        long began = nanos.getAsLong();
        rest.yieldTurn();
        Duration pause = Turns.pauseAfter(nanos.getAsLong() - began);
        if (pause.isPositive()) {
            rest.pause(pause);
        }
    }

    /// A token bucket, stored as the time at which it is full again.
    private static final class Allowance {
        private static final double SECOND_NANOS = 1e9;

        private final double nanosEach;
        private final long burstNanos;
        private long fullAtNanos;

        Allowance(Rate rate, long now) {
            this.nanosEach = SECOND_NANOS / rate.perSecond();
            this.burstNanos = (long) (nanosEach * rate.burst());
            this.fullAtNanos = now;
        }

        /// @return the time by which the bucket is overdrawn; not positive when it is not
        long take(int count, long now) {
            if (fullAtNanos - now < 0) {
                fullAtNanos = now;
            }
            fullAtNanos += (long) Math.ceil(nanosEach * count);
            return fullAtNanos - now - burstNanos;
        }

        boolean isHalfFree(long now) {
            return fullAtNanos - now <= burstNanos / 2;
        }
    }

    private static final class ThreadRest implements Rest {
        @Override
        public void yieldTurn() {
            Turns.leaveCarrier();
        }

        @Override
        public void pause(Duration time) {
            try {
                Thread.sleep(time);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
