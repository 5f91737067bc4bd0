package dev.walcast.bench.load;

import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/// Sockets that are opened and counted together. Belongs to the loop, but for the three counters.
final class LoadGroup {
    private static final long LATENCY_MAX_MICROS = 600_000_000;

    private final int port;
    private final String path;
    private final List<String> hello;
    private final byte @Nullable [] ready;
    private final int readyTimes;
    private final List<String> values;
    private final int receiveBuffer;
    private final List<LoadSocket> sockets = new ArrayList<>();
    private final Histogram latencies = new Histogram(LATENCY_MAX_MICROS, 3);
    private final TimeFinder times = new TimeFinder();
    private volatile int readySockets;
    private volatile int closed;
    private volatile long frames;
    private long counting;
    private long bytes;
    private long firstNanos;
    private long lastNanos;
    private int next;

    /// @param hello         the first message of each socket
    /// @param ready         a socket is ready when it receives a frame with this text; without it, at once
    /// @param readyTimes    how many such frames are needed
    /// @param values        replaces `$VALUE` in messages, one for each socket; may be empty
    /// @param receiveBuffer of the operating system, 0 for its own choice
    LoadGroup(
            int port,
            String path,
            List<String> hello,
            byte @Nullable [] ready,
            int readyTimes,
            List<String> values,
            int receiveBuffer) {
        this.port = port;
        this.path = path;
        this.hello = List.copyOf(hello);
        this.ready = ready;
        this.readyTimes = readyTimes;
        this.values = List.copyOf(values);
        this.receiveBuffer = receiveBuffer;
    }

    int port() {
        return port;
    }

    String path() {
        return path;
    }

    /// The first message of the socket with this number.
    List<String> hello(int socket) {
        return values.isEmpty()
                ? hello
                : hello.stream()
                        .map(text -> text.replace("$VALUE", values.get(socket)))
                        .toList();
    }

    int readyTimes() {
        return readyTimes;
    }

    int receiveBuffer() {
        return receiveBuffer;
    }

    boolean isReadyAtOnce() {
        return ready == null;
    }

    boolean saysReady(byte[] frame, int offset, int length) {
        return ready != null && TimeFinder.indexOf(frame, offset, length, ready) >= 0;
    }

    List<LoadSocket> sockets() {
        return sockets;
    }

    int size() {
        return sockets.size();
    }

    LoadSocket next() {
        next = next + 1 < sockets.size() ? next + 1 : 0;
        return sockets.get(next);
    }

    int ready() {
        return readySockets;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // the loop is the only writer
    void countReady() {
        readySockets++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    void countClosed() {
        closed++;
    }

    int closed() {
        return closed;
    }

    /// As of the last [#publish()].
    long frames() {
        return frames;
    }

    long bytes() {
        return bytes;
    }

    /// Counts a frame that carries a time.
    void count(byte[] frame, int offset, int length, long nowMicros) {
        long sent = times.find(frame, offset, length);
        if (sent >= 0) {
            counting++;
            bytes += length;
            latencies.recordValue(Math.clamp(nowMicros - sent, 0, LATENCY_MAX_MICROS));
        }
    }

    /// Publishes the counts for other threads.
    void publish() {
        if (frames != counting) {
            lastNanos = System.nanoTime();
            firstNanos = frames == 0 ? lastNanos : firstNanos;
            frames = counting;
        }
    }

    void reset() {
        latencies.reset();
        counting = 0;
        frames = 0;
        bytes = 0;
    }

    /// In milliseconds.
    double latency(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e3;
    }

    /// Between the first and the last frame.
    double spanSeconds() {
        return (lastNanos - firstNanos) / 1e9;
    }
}
