package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.frames.InboundPace;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import java.io.InputStream;

/// The bytes of a Helidon connection after its upgrade request, as a stream. Any end of the connection is the end of
/// the stream.
final class ConnectionInput extends InputStream {
    private final DataReader reader;
    private final InboundPace pace;
    private volatile long heardNanos = System.nanoTime();

    /// Bytes that were read and not yet counted by the pace.
    private int uncounted;

    ConnectionInput(DataReader reader, InboundPace pace) {
        this.reader = requireNonNull(reader, "reader is null");
        this.pace = requireNonNull(pace, "pace is null");
    }

    /// The time of the last bytes.
    long heardNanos() {
        return heardNanos;
    }

    @Override
    public int read() {
        count();
        return isAtEnd() ? -1 : reader.read() & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (isAtEnd()) {
            return -1;
        }
        BufferData available = reader.readBuffer(Math.min(length, reader.available()));
        int count = available.read(into, offset, available.available());
        uncounted += count;
        return count;
    }

    /// Counts what was read in the pace, which may pause this thread. Reading one byte counts too; reading many does
    /// not, because that may happen with a lock held.
    void count() {
        int bytes = uncounted;
        uncounted = 0;
        if (bytes > 0) {
            pace.bytes(bytes);
        }
    }

    /// How many bytes can be read without waiting.
    @Override
    public int available() {
        return reader.available();
    }

    private boolean isAtEnd() {
        try {
            if (reader.available() == 0) {
                awaitClient();
            }
            heardNanos = System.nanoTime();
            return false;
        } catch (RuntimeException _) {
            // end of stream, reset, or closed by this server: Helidon throws a different exception for each
            return true;
        }
    }

    private void awaitClient() {
        long began = System.nanoTime();
        reader.ensureAvailable();
        pace.waited(System.nanoTime() - began);
    }
}
