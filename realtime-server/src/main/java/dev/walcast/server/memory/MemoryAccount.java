package dev.walcast.server.memory;

import static java.util.Objects.requireNonNull;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// Counts the memory that one client makes the server hold. Safe for any thread; never blocks.
///
/// Each caller gives back exactly what it took, also after [#close]: memory may outlive its socket. A method that
/// refuses takes nothing.
public final class MemoryAccount implements AutoCloseable {
    /// An account that holds no more than this is neither refused nor ended because of other accounts.
    public static final long SMALL_BYTES = 16 * 1024;

    /// What a client with a seat may hold without counting, so that most clients never touch the common counter.
    private static final long ALLOWANCE_BYTES = 4 * 1024;

    /// The common counter moves in steps of this size.
    private static final long STEP_BYTES = 4 * 1024;

    private final MemoryBudget budget;
    private final long bytesMax;
    private final Runnable onEnd;
    private final AtomicLong own = new AtomicLong();
    private final AtomicLong shared = new AtomicLong();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final AtomicBoolean forgotten = new AtomicBoolean();
    private volatile boolean closed;

    /// 0 without a seat. Does not change once bytes are held.
    private volatile long seat;

    MemoryAccount(MemoryBudget budget, long bytesMax, Runnable onEnd) {
        this.budget = requireNonNull(budget, "budget is null");
        this.bytesMax = bytesMax;
        this.onEnd = requireNonNull(onEnd, "onEnd is null");
    }

    /// Bytes that are given back by [#close].
    public interface Reservation extends AutoCloseable {
        @Override
        void close();
    }

    /// Takes what the client costs by being connected. Call it once, before anything is held.
    ///
    /// @return false when no more clients fit
    public boolean takeSeat(long bytes) {
        seat = bytes + ALLOWANCE_BYTES;
        if (!budget.takeSeat(this, seat)) {
            seat = 0;
            budget.countRefusal();
            return false;
        }
        return true;
    }

    /// Takes bytes for something that may be refused, such as what a client sends.
    public boolean tryHold(long bytes) {
        if (!hold(bytes)) {
            return false;
        }
        if (budget.isExceeded() && own.get() > SMALL_BYTES) {
            release(bytes);
            budget.countRefusal();
            return false;
        }
        return true;
    }

    /// As [#tryHold]; closing the result gives the bytes back. Null when refused.
    public @Nullable Reservation reserve(long bytes) {
        return tryHold(bytes) ? () -> release(bytes) : null;
    }

    /// Takes bytes for what the client is to receive. Refused when the account has reached its own bound or was
    /// ended.
    public boolean hold(long bytes) {
        return hold(bytes, null);
    }

    /// As [#hold(long)].
    ///
    /// @param bytes  held for this client alone
    /// @param common shared with other clients
    public boolean hold(long bytes, @Nullable SharedBytes common) {
        long size = common == null ? bytes : bytes + common.bytes();
        if (isEnded() || bytes() + size > bytesMax) {
            budget.countRefusal();
            return false;
        }
        take(bytes, common);
        if (isEnded()) {
            release(bytes, common);
            return false;
        }
        return true;
    }

    /// Takes bytes regardless of the bounds, for what is bounded elsewhere and cannot be refused.
    public void take(long bytes, @Nullable SharedBytes common) {
        boolean grown = move(bytes);
        if (common != null) {
            shared.addAndGet(common.bytes());
            grown |= common.retain(budget);
        }
        if (grown && budget.isExceeded()) {
            budget.relieve();
        }
    }

    /// Gives back what was taken for this client alone.
    public void release(long bytes) {
        release(bytes, null);
    }

    /// Gives back what [#hold(long, SharedBytes)] or [#take] took.
    public void release(long bytes, @Nullable SharedBytes common) {
        if (common != null) {
            shared.addAndGet(-common.bytes());
            common.release(budget);
        }
        boolean _ = move(-bytes);
        forgetWhenEmpty();
    }

    /// What the client holds, including what it shares, without its seat.
    public long bytes() {
        return own.get() + shared.get();
    }

    /// Whether the account was ended because it held most. It takes nothing more.
    public boolean isEnded() {
        return ended.get();
    }

    /// Closes the account when the client is gone. Its seat is given back as soon as it holds nothing.
    @Override
    public void close() {
        closed = true;
        forgetWhenEmpty();
    }

    /// The arrays for inbound bytes. Their user counts them.
    ChunkPool chunkPool() {
        return budget.chunkPool();
    }

    /// What the common counter holds for this account alone, without its seat.
    long counted() {
        return counted(own.get());
    }

    void end() {
        if (ended.compareAndSet(false, true)) {
            onEnd.run();
        }
    }

    /// @return whether the common counter has grown
    private boolean move(long bytes) {
        long before = own.getAndAdd(bytes);
        long step = counted(before + bytes) - counted(before);
        if (step != 0) {
            budget.add(step);
        }
        return step > 0;
    }

    private long counted(long bytes) {
        long beyond = bytes - (seat == 0 ? 0 : ALLOWANCE_BYTES);
        return beyond <= 0 ? 0 : (beyond + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES;
    }

    private void forgetWhenEmpty() {
        if (closed && bytes() == 0 && forgotten.compareAndSet(false, true)) {
            budget.forget(this);
            budget.giveSeatBack(seat);
        }
    }
}
