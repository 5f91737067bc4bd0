package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.CloseReason;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What all sockets have done since the start. Any thread may read.
public final class SocketCounters {
    private final LongAdder opened = new LongAdder();
    private final LongAdder messagesIn = new LongAdder();
    private final LongAdder framesOut = new LongAdder();
    private final LongAdder bytesOut = new LongAdder();
    private final LongAdder writes = new LongAdder();
    private final Map<CloseReason, LongAdder> closed = new EnumMap<>(CloseReason.class);

    SocketCounters() {
        for (CloseReason reason : CloseReason.values()) {
            closed.put(reason, new LongAdder());
        }
    }

    void countOpened() {
        opened.increment();
    }

    void countMessageIn() {
        messagesIn.increment();
    }

    void countWrite(int frames, int bytes) {
        framesOut.add(frames);
        bytesOut.add(bytes);
        writes.increment();
    }

    void countClosed(CloseReason reason) {
        requireNonNull(closed.get(reason)).increment();
    }

    public long opened() {
        return opened.sum();
    }

    public long messagesIn() {
        return messagesIn.sum();
    }

    public long framesOut() {
        return framesOut.sum();
    }

    public long bytesOut() {
        return bytesOut.sum();
    }

    /// Socket writes; several frames queued together take one.
    public long writes() {
        return writes.sum();
    }

    public long closed(CloseReason reason) {
        return requireNonNull(closed.get(reason)).sum();
    }
}
