package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// What one binding knows; see [KnownKeys]. The calls follow each other, but [#clear()] may come from any thread.
///
/// @param <B> a binding
public final class KeyHolder<B> implements AutoCloseable {
    /// With its registration and its place among the holders.
    static final int BYTES = 160;

    private final B binding;
    private final KnownKeys<B> known;
    private final KeyShare share;
    private final AtomicBoolean closed = new AtomicBoolean();
    private volatile @Nullable Registration registration;
    private volatile long usedNanos;

    /// What its keys are stored under, until it is cleared. Counts them for the client, too.
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

        /// They are all forgotten. Called again for a key that came meanwhile.
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

    /// The binding that knows the rows.
    public B binding() {
        return binding;
    }

    /// The row was delivered. May have other bindings forget theirs, to make room.
    ///
    /// @param key null is not remembered
    public void remember(@Nullable RowKey key) {
        if (key != null) {
            usedNanos = known.nanoTime();
            known.remember(this, key);
        }
    }

    /// The row is gone, or has left the view.
    ///
    /// @return whether it was known
    public boolean forget(@Nullable RowKey key) {
        Registration now = used();
        return key != null && now != null && known.forget(now, key);
    }

    /// An UPDATE was delivered that may have changed the key.
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

    /// Forgets everything, in constant time: the viewer, or its rights, may be others now.
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
