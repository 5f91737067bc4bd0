package dev.walcast.server.frames;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.OutboundFrame;
import java.util.List;

/// Writes batches of frames with as few socket writes as possible. For one thread at a time, which may use it for
/// several sinks in turn.
public final class FrameWriter {
    /// How many bytes of a batch are copied for one write.
    public static final int WRITE_BYTES_MAX = 64 * 1024;
    private static final int HEADER_BYTES_MAX = 10;

    private byte[] buffer = {};

    // of the batch being written
    private int used;
    private Sink sink = (_, _) -> {};

    /// Performs one socket write; blocks until the operating system has taken the bytes.
    public interface Sink {
        void write(byte[] bytes, int length);
    }

    /// Writes a batch. When it throws, the sink may have received part of the batch.
    public void write(List<Outgoing> batch, Sink into) {
        sink = requireNonNull(into, "into is null");
        used = 0;
        makeRoom(batch);
        for (Outgoing outgoing : batch) {
            append(outgoing);
        }
        flush();
    }

    private void makeRoom(List<Outgoing> batch) {
        long total = 0;
        for (Outgoing outgoing : batch) {
            total += HEADER_BYTES_MAX + outgoing.payloadBytes();
        }
        int size = (int) Math.min(WRITE_BYTES_MAX, total);
        if (size > buffer.length) {
            buffer = new byte[size];
        }
    }

    private void append(Outgoing outgoing) {
        appendHeader(outgoing.firstByte(), outgoing.payloadBytes());
        switch (outgoing) {
            case Outgoing.Data(OutboundFrame frame) -> {
                append(frame.prefix());
                append(frame.body());
                append(frame.suffix());
            }
            case Outgoing.Control control -> append(control.payload());
        }
    }

    private void appendHeader(int firstByte, int length) {
        append(firstByte);
        if (length < 126) {
            append(length);
        } else if (length < 1 << 16) {
            append(126);
            appendNumber(length, 2);
        } else {
            append(127);
            appendNumber(length, 8);
        }
    }

    private void appendNumber(long number, int bytes) {
        for (int i = bytes - 1; i >= 0; i--) {
            append((int) (number >>> (8 * i)));
        }
    }

    private void append(int b) {
        if (used == buffer.length) {
            flush();
        }
        buffer[used++] = (byte) b;
    }

    private void append(byte[] bytes) {
        int done = 0;
        while (done < bytes.length) {
            if (used == buffer.length) {
                flush();
            }
            int n = Math.min(bytes.length - done, buffer.length - used);
            System.arraycopy(bytes, done, buffer, used, n);
            used += n;
            done += n;
        }
    }

    private void flush() {
        if (used > 0) {
            sink.write(buffer, used);
            used = 0;
        }
    }
}
