package dev.walcast.server.socket;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/// What waits to be written to one socket, bounded in bytes. Any thread may offer; one writer takes.
///
/// States: open; closing, when nothing more is taken in and what is queued is still written; closed.
final class Outbox {
    private final long bytesMax;
    private final Deque<OutboundFrame> frames = new ArrayDeque<>();
    private long bytes;
    private boolean closing;
    private boolean closed;

    Outbox(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    enum Offer {
        ACCEPTED,
        /// The frame would exceed the bound; nothing was queued.
        FULL,
        CLOSED
    }

    synchronized Offer offer(OutboundFrame frame) {
        if (closing) {
            return Offer.CLOSED;
        }
        if (bytes + frame.length() > bytesMax) {
            return Offer.FULL;
        }
        add(frame);
        return Offer.ACCEPTED;
    }

    private void add(OutboundFrame frame) {
        frames.add(frame);
        bytes += frame.length();
        notifyAll();
    }

    /// Queues a last frame, whatever the bound, and takes nothing in any more.
    ///
    /// @return false when that had happened before
    synchronized boolean closeWith(OutboundFrame last, boolean discardQueued) {
        if (closing) {
            return false;
        }
        closing = true;
        if (discardQueued) {
            frames.clear();
            bytes = 0;
        }
        add(last);
        return true;
    }

    /// Drops everything and wakes the writer, which then ends.
    synchronized void close() {
        closing = true;
        closed = true;
        frames.clear();
        bytes = 0;
        notifyAll();
    }

    /// Waits for something to write and takes as many frames as fit into the size, at least one.
    ///
    /// @return null when there will be nothing any more
    synchronized @Nullable Batch take(int bytesWanted) throws InterruptedException {
        while (frames.isEmpty()) {
            if (closing) {
                return null;
            }
            wait();
        }
        if (closed) {
            return null;
        }
        Batch batch = new Batch();
        while (!frames.isEmpty()
                && (batch.bytes == 0 || batch.bytes + frames.getFirst().length() <= bytesWanted)) {
            OutboundFrame frame = frames.removeFirst();
            bytes -= frame.length();
            batch.add(frame);
        }
        return batch;
    }

    synchronized long bytes() {
        return bytes;
    }

    /// Frames to be written at once.
    static final class Batch {
        private final Deque<OutboundFrame> frames = new ArrayDeque<>();
        private int bytes;
        private int count;

        private void add(OutboundFrame frame) {
            frames.add(frame);
            bytes += frame.length();
            count++;
        }

        int count() {
            return count;
        }

        /// The frames' bytes, one after the other.
        byte[] toBytes() {
            byte[] all = new byte[bytes];
            int at = 0;
            for (OutboundFrame frame : frames) {
                for (byte[] part : frame.parts()) {
                    System.arraycopy(part, 0, all, at, part.length);
                    at += part.length;
                }
            }
            return all;
        }
    }
}
