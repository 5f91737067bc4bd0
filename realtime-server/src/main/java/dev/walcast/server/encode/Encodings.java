package dev.walcast.server.encode;

import static java.util.Objects.requireNonNull;

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

/// One change's encodings, made once for each projection and shared by all who receive it, live or from the replay
/// window. Safe for any thread.
public final class Encodings {
    /// Rough size of the objects around a kept change.
    private static final int OVERHEAD_BYTES = 256;

    private final Change change;
    private final RightsMark mark;
    private final String epoch;
    private final ChangeEncoder encoder;
    private final @Nullable RowKeys keys;
    private volatile @Nullable TouchedRow touched;
    private final Map<Projection, EncodedChange> made = new ConcurrentHashMap<>(2);

    // guarded by this
    private long bytes;
    private @Nullable AtomicLong total;

    /// Most receivers see the same columns.
    private volatile @Nullable Made latest;

    private record Projection(Passage passage, ReadableColumns columns, ReadableColumns old) {}

    private record Made(Projection projection, EncodedChange change) {
        @SuppressWarnings("ReferenceEquality") // what is equal but another instance is found in the map
        boolean isFor(Passage passage, ReadableColumns columns, ReadableColumns old) {
            return projection.passage == passage && projection.columns == columns && projection.old == old;
        }
    }

    /// @param mark the rights that may show the change must be those of this mark or later
    /// @param keys of the table as the change passed; null when rows are not remembered
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

    /// Where the change is, as clients know it.
    public FeedPosition position() {
        return new FeedPosition(epoch, change.position());
    }

    /// The rights that may show the change must be those of this mark or later.
    public RightsMark mark() {
        return mark;
    }

    /// The row that the change is about. Made once.
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

    /// How much memory the change and its encodings take, roughly.
    public synchronized long bytes() {
        return bytes;
    }

    /// Counts its size in the sum, and whatever is encoded later, until [#release()].
    public synchronized void keep(AtomicLong sum) {
        total = sum;
        sum.addAndGet(bytes);
    }

    /// Takes its size out of the sum. May be called twice.
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

    /// The change as it is.
    public EncodedChange of(ReadableColumns columns, ReadableColumns old) {
        return of(Passage.KEPT, columns, old);
    }

    /// The change for viewers of these columns, as what it is to their bindings.
    public EncodedChange of(Passage passage, ReadableColumns columns, ReadableColumns old) {
        Made known = latest;
        if (known == null || !known.isFor(passage, columns, old)) {
            Projection projection = new Projection(passage, columns, old);
            known = new Made(projection, made.computeIfAbsent(projection, this::encode));
            latest = known;
        }
        return known.change;
    }

    private EncodedChange encode(Projection projection) {
        EncodedChange encoded =
                encoder.encode(change, projection.passage, position(), projection.columns, projection.old);
        grow(encoded.data().length + OVERHEAD_BYTES);
        return encoded;
    }
}
