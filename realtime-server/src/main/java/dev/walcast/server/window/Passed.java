package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.server.encode.Encodings;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// A transaction that came: what of it stands in the window, and what is to be acknowledged. Guarded by the
/// window's lock, except that any thread may say that it was delivered.
final class Passed {
    /// Rough size of what the source keeps until it is acknowledged.
    static final long OVERHEAD_BYTES = 2048;

    private final Commit commit;
    private final long arrivedNanos;
    private final Runnable acknowledge;
    private List<Encodings> changes = List.of();
    private Lsn through;
    private boolean empty;
    private volatile boolean delivered;
    private boolean evicted;

    Passed(Commit commit, long arrivedNanos, Runnable acknowledge) {
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

    /// Behind everything that came earlier.
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

    /// It is not kept.
    ///
    /// @param withoutChanges or too large
    void pass(boolean withoutChanges) {
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

    /// A later one without anything to wait for is acknowledged together with this.
    void cover(Passed later) {
        through = later.through;
        later.acknowledge.run();
    }

    /// What is acknowledged together with it.
    Lsn through() {
        return through;
    }

    Runnable acknowledge() {
        return acknowledge;
    }
}
