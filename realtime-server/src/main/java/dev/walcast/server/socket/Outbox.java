package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.frames.FrameHeader;
import dev.walcast.server.frames.FrameWriter;
import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.SharedBytes;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundFrame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The queue of what waits to be written to one client, bounded in bytes. Any thread may offer; one writer takes. A
/// socket's writer is started when there is something to write and ends when there is nothing, so an idle socket has
/// no writer. A stream's writer waits.
///
/// Offering never blocks. An offer that finds the queue full ends this socket and no other: the queue is emptied and
/// only the goodbye is still written. OPEN → CLOSING (a goodbye is queued, nothing more is accepted) → CLOSED. The
/// first reason to end stays the reason.
///
/// What waits is counted in the client's memory account until it is written or discarded.
public final class Outbox {
    private static final int BATCH_BYTES = 256 * 1024;

    /// A queue that has held more frames than this is replaced once it is empty, because it never shrinks.
    private static final int FRAMES_KEPT = 1_024;

    public enum Offer {
        ACCEPTED,
        /// The socket is being closed because of this offer.
        FULL,
        CLOSED
    }

    private enum State {
        OPEN,
        CLOSING,
        CLOSED
    }

    private final long bytesMax;
    private final MemoryAccount memory;
    private final Runnable wakeWriter;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private Deque<Outgoing> queue = new ArrayDeque<>();

    @GuardedBy("lock")
    private int longest;

    @GuardedBy("lock")
    private State state = State.OPEN;

    @GuardedBy("lock")
    private @Nullable CloseReason reason;

    @GuardedBy("lock")
    private long closingSinceNanos;

    @GuardedBy("lock")
    private long queuedBytes;

    @GuardedBy("lock")
    private long takenBytes;

    @GuardedBy("lock")
    private long takenOwnBytes;

    @GuardedBy("lock")
    private List<SharedBytes> takenShared = List.of();

    @GuardedBy("lock")
    private boolean writing;

    /// Holds the queue's place of the next pong, which answers the latest ping. Null when no pong waits.
    @GuardedBy("lock")
    private @Nullable Outgoing waitingPong;

    @GuardedBy("lock")
    private byte[] pongPayload = {};

    /// Creates an outbox whose writer waits in [#take(Duration)].
    public Outbox(long bytesMax, MemoryAccount memory) {
        this(bytesMax, memory, () -> {});
    }

    /// @param wakeWriter starts a writer without waiting; called when there is none
    Outbox(long bytesMax, MemoryAccount memory, Runnable wakeWriter) {
        this.bytesMax = bytesMax;
        this.memory = requireNonNull(memory, "memory is null");
        this.wakeWriter = requireNonNull(wakeWriter, "wakeWriter is null");
    }

    public Offer offer(OutboundFrame frame) {
        return offer(new Outgoing.Data(requireNonNull(frame, "frame is null")));
    }

    Offer offer(Outgoing outgoing) {
        int cost = outgoing.cost();
        synchronized (lock) {
            if (state != State.OPEN) {
                return Offer.CLOSED;
            }
            if (queuedBytes + takenBytes + cost > bytesMax) {
                recordFull(outgoing);
                beginClosing(Outgoing.close(CloseReason.SLOW_CONSUMER), CloseReason.SLOW_CONSUMER, true);
                return Offer.FULL;
            }
            if (!memory.hold(outgoing.ownCost(), outgoing.shared())) {
                abort(CloseReason.MEMORY);
                return Offer.FULL;
            }
            enqueue(outgoing, cost);
            return Offer.ACCEPTED;
        }
    }

    /// Queues the answer to a ping. Of several waiting pongs only the latest is sent, as RFC 6455 5.5.3 permits.
    void offerPong(byte[] payload) {
        synchronized (lock) {
            pongPayload = payload;
            if (waitingPong == null) {
                Outgoing placeholder = Outgoing.pong(new byte[FrameHeader.CONTROL_BYTES_MAX]);
                waitingPong = offer(placeholder) == Offer.ACCEPTED ? placeholder : null;
            }
        }
    }

    @GuardedBy("lock")
    private void recordFull(Outgoing outgoing) {
        OutboxFullEvent event = new OutboxFullEvent();
        event.bytes = queuedBytes + takenBytes;
        event.frameBytes = outgoing.cost();
        event.commit();
    }

    /// Whether at most a quarter of the queue is in use, or nothing more is accepted.
    public boolean hasRoom() {
        synchronized (lock) {
            return state != State.OPEN || queuedBytes + takenBytes <= bytesMax / 4;
        }
    }

    /// Blocks until [#hasRoom].
    public void awaitRoom() throws InterruptedException {
        synchronized (lock) {
            while (!hasRoom()) {
                lock.wait();
            }
        }
    }

    /// Ends the socket after everything queued was written.
    public void close(CloseReason why) {
        closeWith(Outgoing.close(why), why);
    }

    void closeWith(Outgoing goodbye, CloseReason why) {
        synchronized (lock) {
            if (state == State.OPEN) {
                beginClosing(goodbye, why, false);
            }
        }
    }

    /// Ends the socket and discards what is queued.
    public void abort(CloseReason why) {
        synchronized (lock) {
            if (state == State.OPEN) {
                beginClosing(Outgoing.close(why), why, true);
            }
        }
    }

    /// Ends the socket without writing anything more.
    public void kill(CloseReason why) {
        synchronized (lock) {
            reason = reason == null ? why : reason;
            state = State.CLOSED;
            forgetQueue();
            lock.notifyAll();
        }
    }

    /// Kills it after its writer ended, and discards what was taken last.
    public void end(CloseReason why) {
        synchronized (lock) {
            kill(why);
            forgetTaken();
        }
    }

    /// The client's memory account.
    public MemoryAccount memory() {
        return memory;
    }

    public boolean isOpen() {
        synchronized (lock) {
            return state == State.OPEN;
        }
    }

    /// The time at which a goodbye was queued. Empty while the socket is open.
    Optional<Long> closingSinceNanos() {
        synchronized (lock) {
            return state == State.OPEN ? Optional.empty() : Optional.of(closingSinceNanos);
        }
    }

    public CloseReason reason() {
        synchronized (lock) {
            return reason == null ? CloseReason.DISCONNECTED : reason;
        }
    }

    /// Bytes that wait or are being written.
    public long bytes() {
        synchronized (lock) {
            return queuedBytes + takenBytes;
        }
    }

    /// Marks what was taken last as written. Returns whether there is more; if not, the writer has ended.
    boolean written() {
        synchronized (lock) {
            forgetTaken();
            writing = !queue.isEmpty();
            lock.notifyAll();
            return writing;
        }
    }

    /// Waits until the writer has ended. Returns false when the time is over before that.
    boolean awaitWritten(Duration atMost) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + atMost.toNanos();
        synchronized (lock) {
            long leftNanos = atMost.toNanos();
            while (writing && leftNanos > 0) {
                lock.wait(leftNanos / 1_000_000 + 1);
                leftNanos = deadlineNanos - System.nanoTime();
            }
            return !writing;
        }
    }

    /// Returns the next frames to write. When there are none, the writer has ended. What was taken before counts as
    /// written.
    List<Outgoing> take() {
        synchronized (lock) {
            boolean _ = written();
            List<Outgoing> batch = new ArrayList<>(Math.min(queue.size(), BATCH_BYTES / Outgoing.OVERHEAD_BYTES));
            while (!queue.isEmpty() && takenBytes < BATCH_BYTES) {
                Outgoing next = queue.remove();
                takenBytes += next.cost();
                remember(next);
                batch.add(resolved(next));
            }
            queuedBytes -= takenBytes;
            long copied = Math.min(FrameWriter.WRITE_BYTES_MAX, takenBytes);
            memory.take(copied, null);
            takenOwnBytes += copied;
            shrinkQueue();
            return batch;
        }
    }

    /// As [#take], but waits for something to write. Empty when nothing came in that time, or nothing will come any
    /// more.
    public List<Outgoing> take(Duration atMost) throws InterruptedException {
        synchronized (lock) {
            forgetTaken();
            writing = false;
            lock.notifyAll();
            long deadlineNanos = System.nanoTime() + atMost.toNanos();
            long leftNanos = atMost.toNanos();
            while (queue.isEmpty() && state == State.OPEN && leftNanos > 0) {
                lock.wait(leftNanos / 1_000_000 + 1);
                leftNanos = deadlineNanos - System.nanoTime();
            }
            return take();
        }
    }

    @GuardedBy("lock")
    @SuppressWarnings("ReferenceEquality") // the placeholder is one instance
    private Outgoing resolved(Outgoing next) {
        if (next != waitingPong) {
            return next;
        }
        waitingPong = null;
        return Outgoing.pong(pongPayload);
    }

    @GuardedBy("lock")
    private void beginClosing(Outgoing goodbye, CloseReason why, boolean forget) {
        // first, because counting the goodbye may find that this client holds most
        state = State.CLOSING;
        reason = why;
        closingSinceNanos = System.nanoTime();
        if (forget) {
            forgetQueue();
        }
        memory.take(goodbye.ownCost(), null);
        enqueue(goodbye, goodbye.cost());
    }

    @GuardedBy("lock")
    private void enqueue(Outgoing outgoing, int cost) {
        queue.add(outgoing);
        queuedBytes += cost;
        longest = Math.max(longest, queue.size());
        if (!writing) {
            writing = true;
            wakeWriter.run();
            lock.notifyAll();
        }
    }

    @GuardedBy("lock")
    private void shrinkQueue() {
        if (queue.isEmpty() && longest > FRAMES_KEPT) {
            queue = new ArrayDeque<>();
            longest = 0;
        }
    }

    @GuardedBy("lock")
    private void forgetTaken() {
        takenShared.forEach(common -> memory.release(0, common));
        memory.release(takenOwnBytes);
        takenShared = List.of();
        takenOwnBytes = 0;
        takenBytes = 0;
    }

    /// Records what has to be given back when the frame is written.
    @GuardedBy("lock")
    private void remember(Outgoing next) {
        takenOwnBytes += next.ownCost();
        SharedBytes common = next.shared();
        if (common != null) {
            takenShared = takenShared.isEmpty() ? new ArrayList<>() : takenShared;
            takenShared.add(common);
        }
    }

    private void giveBack(Collection<Outgoing> frames) {
        long own = 0;
        for (Outgoing frame : frames) {
            own += frame.ownCost();
            if (frame.shared() != null) {
                memory.release(0, frame.shared());
            }
        }
        memory.release(own);
    }

    @GuardedBy("lock")
    private void forgetQueue() {
        waitingPong = null;
        giveBack(queue);
        queue = new ArrayDeque<>();
        longest = 0;
        queuedBytes = 0;
    }
}
