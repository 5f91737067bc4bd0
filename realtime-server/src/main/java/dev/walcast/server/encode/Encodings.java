package dev.walcast.server.encode;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.Change;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.rowkeys.RowKeys;
import dev.walcast.server.rowkeys.TouchedRow;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The encodings of one change. Each projection is encoded once and shared by all receivers, live or from the replay
/// window. Safe for any thread.
public final class Encodings {
    /// Approximate size of the objects around a kept change.
    private static final int OVERHEAD_BYTES = 256;

    private final Change change;
    private final RightsMark mark;
    private final String epoch;
    private final ChangeEncoder encoder;
    private final @Nullable RowKeys keys;
    private volatile @Nullable TouchedRow touched;
    private final Map<Projection, EncodedChange> made = new ConcurrentHashMap<>(2);

    @GuardedBy("this")
    private long bytes;

    @GuardedBy("this")
    private @Nullable AtomicLong total;

    /// The last projection: most receivers see the same columns.
    private volatile @Nullable Made latest;

    private record Projection(MembershipChange membership, ReadableColumns columns, ReadableColumns old) {}

    private record Made(Projection projection, EncodedChange change) {
        @SuppressWarnings("ReferenceEquality") // what is equal but another instance is found in the map
        boolean isFor(MembershipChange membership, ReadableColumns columns, ReadableColumns old) {
            return projection.membership == membership && projection.columns == columns && projection.old == old;
        }
    }

    /// @param mark the rights that decide about the change must be those of this mark or later
    /// @param keys the table's row keys when the change was received; null when rows are not remembered
    public Encodings(Change change, RightsMark mark, String epoch, ChangeEncoder encoder, @Nullable RowKeys keys) {
        this.change = requireNonNull(change, "change is null");
        this.mark = requireNonNull(mark, "mark is null");
        this.epoch = requireNonNull(epoch, "epoch is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
        this.keys = keys;
        this.bytes = OVERHEAD_BYTES + change.bytes();
    }

    /// The change itself.
    public Change change() {
        return change;
    }

    /// The change's position, as clients know it.
    public FeedPosition position() {
        return new FeedPosition(epoch, change.position());
    }

    /// The rights that decide about the change must be those of this mark or later.
    public RightsMark mark() {
        return mark;
    }

    /// The row that the change is about. Computed once.
    public TouchedRow touched() {
        TouchedRow known = touched;
        if (known == null) {
            known = keys == null ? TouchedRow.NONE : TouchedRow.of(change, keys);
            touched = known;
        }
        return known;
    }

    /// The epoch in which the change was received.
    public String epoch() {
        return epoch;
    }

    /// The approximate memory of the change and its encodings, in bytes.
    public synchronized long bytes() {
        return bytes;
    }

    /// Adds the size to the sum, and that of later encodings, until [#release()].
    public synchronized void keep(AtomicLong sum) {
        total = sum;
        sum.addAndGet(bytes);
    }

    /// Subtracts the size from the sum. May be called twice.
    public synchronized void release() {
        if (total != null) {
            total.addAndGet(-bytes);
            total = null;
        }
    }

    private synchronized void grow(long by) {
        bytes += by;
        if (total != null) {
            total.addAndGet(by);
        }
    }

    /// The change with its own event.
    public EncodedChange of(ReadableColumns columns, ReadableColumns old) {
        return of(MembershipChange.KEPT, columns, old);
    }

    /// The change for viewers of these columns, with the event that fits their bindings.
    public EncodedChange of(MembershipChange membership, ReadableColumns columns, ReadableColumns old) {
        Made known = latest;
        if (known == null || !known.isFor(membership, columns, old)) {
            Projection projection = new Projection(membership, columns, old);
            known = new Made(projection, made.computeIfAbsent(projection, this::encode));
            latest = known;
        }
        return known.change;
    }

    private EncodedChange encode(Projection projection) {
        EncodedChange encoded =
                encoder.encode(change, projection.membership, position(), projection.columns, projection.old);
        grow(encoded.data().length + OVERHEAD_BYTES);
        return encoded;
    }
}
