package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.server.encode.Encodings;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// A transaction that was received: its changes in the window, and what acknowledges it. Guarded by the window's
/// lock, but any thread may mark it delivered.
final class WindowTransaction {
    /// Approximate size of what the source keeps until the transaction is acknowledged.
    static final long OVERHEAD_BYTES = 2048;

    private final Commit commit;
    private final long arrivedNanos;
    private final Runnable acknowledge;
    private List<Encodings> changes = List.of();
    private Lsn through;
    private boolean empty;
    private volatile boolean delivered;
    private boolean evicted;

    WindowTransaction(Commit commit, long arrivedNanos, Runnable acknowledge) {
        this.commit = requireNonNull(commit, "commit is null");
        this.arrivedNanos = arrivedNanos;
        this.acknowledge = requireNonNull(acknowledge, "acknowledge is null");
        this.through = commit.lsn();
    }

    Commit commit() {
        return commit;
    }

    Lsn lsn() {
        return commit.lsn();
    }

    /// The position after everything that came earlier.
    Position before() {
        return new Position(commit.lsn(), -1);
    }

    long arrivedNanos() {
        return arrivedNanos;
    }

    List<Encodings> changes() {
        return changes;
    }

    void keep(List<Encodings> kept, AtomicLong bytes) {
        changes = kept;
        changes.forEach(encodings -> encodings.keep(bytes));
        bytes.addAndGet(OVERHEAD_BYTES);
    }

    void evict(AtomicLong bytes) {
        changes.forEach(Encodings::release);
        changes = List.of();
        bytes.addAndGet(-OVERHEAD_BYTES);
        evicted = true;
    }

    /// Marks the transaction as not kept.
    ///
    /// @param withoutChanges true when it has no changes, false when it is too large
    void skip(boolean withoutChanges) {
        evicted = true;
        empty = withoutChanges;
    }

    boolean isEmpty() {
        return empty;
    }

    void deliver() {
        delivered = true;
    }

    boolean isDelivered() {
        return delivered;
    }

    boolean isDone() {
        return delivered && evicted;
    }

    /// Acknowledges a later transaction, which has nothing to wait for, together with this one.
    void cover(WindowTransaction later) {
        through = later.through;
        later.acknowledge.run();
    }

    /// The last transaction that is acknowledged together with this one.
    Lsn through() {
        return through;
    }

    Runnable acknowledge() {
        return acknowledge;
    }
}
