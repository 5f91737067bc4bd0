package dev.walcast.server.memory;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/// Bounds the bytes that all clients of one server together make it hold. Safe for any thread; never blocks.
///
/// Each client has a [MemoryAccount]. When the sum exceeds the bound, the accounts that hold most are ended one after
/// the other, until a tenth of the bound is free again. Accounts below [MemoryAccount#SMALL_BYTES] are never ended.
/// Bytes that several clients share count once in the sum ([SharedBytes]) and in each client's account.
public final class MemoryBudget {
    /// The share of the bound that seats may take.
    private static final double SEATS_SHARE = 0.75;

    /// How full the budget is after the largest accounts were ended.
    private static final double RELIEVED_SHARE = 0.9;

    /// The pause after a search that ended no account.
    private static final long SEARCH_PAUSE_NANOS = 10_000_000;

    private final LongSupplier nanoTime;
    private final long bytesMax;
    private final long accountBytesMax;
    private final AtomicLong used = new AtomicLong();
    private final AtomicLong seats = new AtomicLong();
    private final AtomicLong peak = new AtomicLong();
    private final LongAdder refusals = new LongAdder();
    private final LongAdder endings = new LongAdder();
    private final Set<MemoryAccount> accounts = ConcurrentHashMap.newKeySet();
    private final ReentrantLock relieving = new ReentrantLock();
    private final ChunkPool chunkPool = new ChunkPool();

    @GuardedBy("relieving")
    private long searchAgainNanos;

    /// @param bytesMax        of all clients together
    /// @param accountBytesMax of one client
    /// @param nanoTime        a monotonic clock, in nanoseconds
    public MemoryBudget(long bytesMax, long accountBytesMax, LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.searchAgainNanos = nanoTime.getAsLong();
        if (Math.min(bytesMax, accountBytesMax) < 1) {
            throw new IllegalArgumentException("a bound is below 1 byte");
        }
        this.bytesMax = bytesMax;
        this.accountBytesMax = accountBytesMax;
    }

    /// Creates the account of a client that calls [MemoryAccount#takeSeat] before it holds anything.
    ///
    /// @param onEnd called at most once, by any thread and with locks held, when the account is ended because it
    ///              holds most; it must free memory soon and must not wait
    public MemoryAccount prepare(Runnable onEnd) {
        return new MemoryAccount(this, accountBytesMax, requireNonNull(onEnd, "onEnd is null"));
    }

    /// Creates the account of a client without a seat, such as a request.
    ///
    /// @param onEnd as above
    public MemoryAccount open(Runnable onEnd) {
        MemoryAccount account = prepare(onEnd);
        accounts.add(account);
        return account;
    }

    /// Creates an account that is never ended. What it refuses to hold must be left out.
    public MemoryAccount openForServer(long ownBytesMax) {
        return new MemoryAccount(this, ownBytesMax, () -> {});
    }

    /// The bound in bytes.
    public long bytesMax() {
        return bytesMax;
    }

    /// The bytes held now.
    public long used() {
        return used.get();
    }

    /// The most bytes held since the start.
    public long peak() {
        return peak.get();
    }

    /// How often bytes were refused because of a bound of an account or of all.
    public long refusals() {
        return refusals.sum();
    }

    /// How many accounts were ended because they held most.
    public long endings() {
        return endings.sum();
    }

    ChunkPool chunkPool() {
        return chunkPool;
    }

    boolean isExceeded() {
        return used.get() > bytesMax;
    }

    /// Counts bytes; a negative number gives them back.
    void add(long bytes) {
        long sum = used.addAndGet(bytes);
        if (bytes > 0 && sum > peak.get()) {
            peak.accumulateAndGet(sum, Math::max);
        }
    }

    boolean takeSeat(MemoryAccount account, long bytes) {
        if (seats.addAndGet(bytes) > SEATS_SHARE * bytesMax) {
            seats.addAndGet(-bytes);
            return false;
        }
        add(bytes);
        accounts.add(account);
        return true;
    }

    void giveSeatBack(long bytes) {
        seats.addAndGet(-bytes);
        add(-bytes);
    }

    void countRefusal() {
        refusals.increment();
    }

    void forget(MemoryAccount account) {
        accounts.remove(account);
    }

    /// Ends the largest accounts when too much is held. One thread does it at a time; the others continue.
    void relieve() {
        if (!isExceeded() || !relieving.tryLock()) {
            return;
        }
        try {
            if (nanoTime.getAsLong() - searchAgainNanos >= 0 && !endLargest()) {
                searchAgainNanos = nanoTime.getAsLong() + SEARCH_PAUSE_NANOS;
            }
        } finally {
            relieving.unlock();
        }
    }

    /// @param size at one moment: other threads continue to add while sizes are compared
    private record Sized(MemoryAccount account, long size) {}

    /// @return whether any account was ended
    private boolean endLargest() {
        List<Sized> candidates = new ArrayList<>();
        long leaving = 0;
        for (MemoryAccount account : accounts) {
            if (account.isEnded()) {
                leaving += account.counted();
            } else if (account.bytes() > MemoryAccount.SMALL_BYTES) {
                candidates.add(new Sized(account, account.bytes()));
            }
        }
        candidates.sort(Comparator.comparingLong(Sized::size).reversed());
        boolean ended = false;
        for (Sized candidate : candidates) {
            if (used.get() - leaving <= RELIEVED_SHARE * bytesMax) {
                break;
            }
            candidate.account.end();
            endings.increment();
            leaving += candidate.account.counted();
            ended = true;
        }
        return ended;
    }
}
