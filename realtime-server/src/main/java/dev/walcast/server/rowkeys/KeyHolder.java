package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// The rows that one binding knows; see [KnownKeys]. Calls must not overlap, except [#clear()], which any thread may
/// call.
///
/// @param <B> a binding
public final class KeyHolder<B> implements AutoCloseable {
    /// The size of the holder, its registration and its entry in the map.
    static final int BYTES = 160;

    private final B binding;
    private final KnownKeys<B> known;
    private final KeyShare share;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Registration registration;
    private volatile long usedNanos;

    /// The number that the holder's keys are stored under until it is cleared. Also counts them for the client.
    static final class Registration {
        private final int number;
        private final KeyShare share;
        private final AtomicInteger keys = new AtomicInteger();

        Registration(int number, KeyShare share) {
            this.number = number;
            this.share = share;
        }

        int number() {
            return number;
        }

        void count(int more) {
            keys.addAndGet(more);
            share.count(more);
        }

        /// Forgets all keys. Called again for a key that was added meanwhile.
        void countNone() {
            share.count(-keys.getAndSet(0));
        }
    }

    /// @param share of the client
    KeyHolder(B binding, KnownKeys<B> known, KeyShare share) {
        this.share = requireNonNull(share, "share is null");
        this.binding = requireNonNull(binding, "binding is null");
        this.known = requireNonNull(known, "known is null");
        this.usedNanos = known.nanoTime();
    }

    /// The binding whose rows these are.
    public B binding() {
        return binding;
    }

    /// Remembers a delivered row. May make other bindings forget theirs, to free memory.
    ///
    /// @param key null is ignored
    public void remember(@Nullable RowKey key) {
        if (key != null) {
            usedNanos = known.nanoTime();
            known.remember(this, key);
        }
    }

    /// Forgets a row that was deleted or has left the view.
    ///
    /// @return whether the row was known
    public boolean forget(@Nullable RowKey key) {
        Registration now = used();
        return key != null && now != null && known.forget(now, key);
    }

    /// Replaces the key after a delivered UPDATE that may have changed it.
    public void move(@Nullable RowKey from, @Nullable RowKey to) {
        if (from != null && !from.equals(to)) {
            forget(from);
        }
        remember(to);
    }

    /// Whether the row is known; false for null.
    public boolean knows(@Nullable RowKey key) {
        Registration now = used();
        return key != null && now != null && known.knows(now, key);
    }

    private @Nullable Registration used() {
        usedNanos = known.nanoTime();
        return registration;
    }

    /// Forgets everything, in constant time. Called when the viewer or its rights may have changed.
    public void clear() {
        Registration now = registration;
        registration = null;
        if (now != null) {
            known.retire(now);
        }
    }

    @Override
    public void close() {
        clear();
        if (closed.compareAndSet(false, true)) {
            known.release(share);
        }
    }

    KeyShare share() {
        return share;
    }

    @Nullable
    Registration registration() {
        return registration;
    }

    void register(Registration fresh) {
        registration = fresh;
    }

    /// How many rows it knows.
    int keys() {
        Registration now = registration;
        return now == null ? 0 : Math.max(0, now.keys.get());
    }

    long usedNanos() {
        return usedNanos;
    }
}
