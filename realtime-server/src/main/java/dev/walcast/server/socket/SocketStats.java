package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// Counts what the sockets of one server have done since it started. Safe for any thread.
public final class SocketStats {
    private final LongAdder opened = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final LongAdder framesIn = new LongAdder();
    private final LongAdder bytesIn = new LongAdder();
    private final LongAdder framesOut = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final LongAdder malformed = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private final LongAdder denied = new LongAdder();
    private final LongAdder joined = new LongAdder();
    private final Map<CloseReason, LongAdder> closed = new EnumMap<>(CloseReason.class);
    private final Map<ErrorCode, LongAdder> refusedJoins = new EnumMap<>(ErrorCode.class);

    private final InstantSource clock;
    private volatile @Nullable LongConsumer latencies;

    /// @param clock compared with the times at which Postgres commits
    public SocketStats(InstantSource clock) {
        this.clock = requireNonNull(clock, "clock is null");
        for (ErrorCode code : ErrorCode.values()) {
            refusedJoins.put(code, new LongAdder());
        }
        for (CloseReason reason : CloseReason.values()) {
            closed.put(reason, new LongAdder());
        }
    }

    /// Sockets that are open now.
    public long connected() {
        return opened.sum() - closed.values().stream().mapToLong(LongAdder::sum).sum();
    }

    public long opened() {
        return opened.sum();
    }

    public long closed(CloseReason reason) {
        return adder(reason).sum();
    }

    /// Measures how long changes take from their commit until they are written. One time is taken for each write: that
    /// of
    /// the oldest change in it.
    ///
    /// @param nanos receives the times, on many threads; never negative
    public void measureLatency(LongConsumer nanos) {
        latencies = requireNonNull(nanos, "nanos is null");
    }

    void countLatency(List<Outgoing> written) {
        LongConsumer receiver = latencies;
        if (receiver == null) {
            return;
        }
        long oldestMicros = Long.MAX_VALUE;
        for (Outgoing outgoing : written) {
            if (outgoing instanceof Outgoing.Data(OutboundFrame frame) && frame.commitMicros() > 0) {
                oldestMicros = Math.min(oldestMicros, frame.commitMicros());
            }
        }
        if (oldestMicros < Long.MAX_VALUE) {
            Instant now = clock.instant();
            long nowMicros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1_000;
            receiver.accept(Math.max(0, nowMicros - oldestMicros) * 1_000);
        }
    }

    /// Joins that made a channel.
    public long joined() {
        return joined.sum();
    }

    /// Joins that were refused for this reason.
    public long refusedJoins(ErrorCode code) {
        return requireNonNull(refusedJoins.get(code)).sum();
    }

    public void countJoined() {
        joined.increment();
    }

    public void countRefusedJoin(ErrorCode code) {
        requireNonNull(refusedJoins.get(code)).increment();
    }

    public long refusedUpgrades() {
        return refused.sum();
    }

    /// Messages received, control frames included.
    public long framesIn() {
        return framesIn.sum();
    }

    public long bytesIn() {
        return bytesIn.sum();
    }

    public long framesOut() {
        return framesOut.sum();
    }

    public long bytesOut() {
        return bytesOut.sum();
    }

    /// Socket writes. Fewer than frames out, because one write may carry several frames.
    public long writes() {
        return writes.sum();
    }

    /// Messages that were not valid in the protocol and were dropped without a reply.
    public long malformed() {
        return malformed.sum();
    }

    /// Requests that were ignored without a reply because of a bound.
    public long dropped() {
        return dropped.sum();
    }

    /// Pushes that the policies of a private topic did not allow.
    public long denied() {
        return denied.sum();
    }

    public void countMalformed() {
        malformed.increment();
    }

    public void countDropped() {
        dropped.increment();
    }

    public void countDenied() {
        denied.increment();
    }

    public void countOpened() {
        opened.increment();
    }

    public void countRefused() {
        refused.increment();
    }

    void countIn(int bytes) {
        framesIn.increment();
        bytesIn.add(bytes);
    }

    public void countOut(int frames) {
        framesOut.add(frames);
    }

    public void countWrite(int bytes) {
        writes.increment();
        bytesOut.add(bytes);
    }

    public void countClosed(CloseReason reason) {
        adder(reason).increment();
    }

    private LongAdder adder(CloseReason reason) {
        return requireNonNull(closed.get(reason));
    }
}
