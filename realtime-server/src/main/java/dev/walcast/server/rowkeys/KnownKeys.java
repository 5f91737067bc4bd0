package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.server.limits.ClientKey;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Remembers for each binding which rows it received, so that a DELETE that carries only the row's key reaches the
/// bindings that know the row. One instance for a feed. Safe for any thread; calls for one binding must not overlap.
///
/// A row is remembered as 128 bits of SipHash of its table and its replica identity's values, under a random key of
/// this process. Two rows with the same bits would let a viewer learn the key of a deleted row that it never
/// received. SipHash is a pseudorandom function, and its key never leaves the process. So a client that chooses the
/// rows' keys cannot find two such rows faster than by chance, nor rows that crowd one part of the table. By chance,
/// a lookup of an unknown row finds one of n known rows with a probability below n/2^127, since the mark of a free
/// slot uses one value of 2^64. For a million keys and a million lookups a second during a century that is below 1 in
/// 10^16.
///
/// The keys' memory has one bound. When it is reached, the bindings that were used least recently forget all their
/// keys. When a client has used its share, only its own bindings forget. After a key is forgotten its DELETE is
/// hidden.
///
/// @param <B> a binding
public final class KnownKeys<B> {
    private static final long SHARD_BYTES = 64 << 10;
    private static final int SHARDS_MAX = 64;
    private static final int TABLES_MAX = 10_000;

    /// What a key counts in a client's share: its slot, and as much again for free slots.
    static final int KEY_BYTES = 40;

    /// Each eviction frees another quarter of all keys.
    private static final int TRIES_MAX = 40;

    private final List<KeyShard> shards = new ArrayList<>();
    private final LongSupplier nanoTime;
    private final long key0;
    private final long key1;

    /// Holders by number. A key whose holder is not in it is garbage.
    private final Map<Integer, KeyHolder<B>> holders = new ConcurrentHashMap<>();
    private final AtomicInteger lastNumber = new AtomicInteger();
    private final AtomicLong evictions = new AtomicLong();

    private final long keysOfClientMax;
    private final Map<ClientKey, KeyShare> shares = new ConcurrentHashMap<>();

    private final Map<TableId, Long> generations = new ConcurrentHashMap<>();
    private final AtomicLong lastGeneration = new AtomicLong();
    /// The generation of all tables that are not in the map.
    private volatile long generation;

    /// @param memory   0 turns it off: no row is ever known
    /// @param nanoTime a monotonic clock, which orders uses
    public KnownKeys(KeyMemory memory, SecureRandom random, LongSupplier nanoTime) {
        long bytesMax = memory.bytesMax();
        this.keysOfClientMax =
                memory.bytesOfClientMax() == bytesMax ? Long.MAX_VALUE : memory.bytesOfClientMax() / KEY_BYTES;
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.key0 = random.nextLong();
        this.key1 = random.nextLong();
        if (bytesMax > 0) {
            int count = Math.clamp(Long.highestOneBit(bytesMax / SHARD_BYTES), 1, SHARDS_MAX);
            for (int i = 0; i < count; i++) {
                shards.add(new KeyShard(bytesMax / count));
            }
        }
    }

    /// Whether a binding needs it: row-level security applies to its viewer, it wants DELETEs, and its policies or
    /// filter read more columns than a DELETE carries.
    ///
    /// @param identity the columns of the table's replica identity
    public static boolean isNeeded(
            boolean rowSecurity, Set<ChangeEvent> events, Set<String> identity, Predicate policy, Predicate filter) {
        return rowSecurity
                && events.contains(ChangeEvent.DELETE)
                && !(identity.containsAll(policy.columns()) && identity.containsAll(filter.columns()));
    }

    /// Whether keys are remembered at all.
    public boolean isOn() {
        return !shards.isEmpty();
    }

    /// Makes keys of a table's rows, valid until [#forgetTable(TableId)]. Call it for rows of the log when they
    /// arrive, and for a snapshot before it begins.
    public RowKeys keysOf(TableId table) {
        return new RowKeys(table, generationOf(table), key0, key1);
    }

    /// Creates a holder that knows nothing. It takes no memory until it remembers something. The caller closes it.
    ///
    /// @param client the client whose share of the memory it uses
    public KeyHolder<B> holder(B binding, ClientKey client) {
        KeyShare share = requireNonNull(shares.compute(client, (_, known) -> {
            KeyShare joined = known == null ? new KeyShare(client) : known;
            joined.holders++;
            return joined;
        }));
        return new KeyHolder<>(binding, this, share);
    }

    /// Called once, when the holder is closed.
    void release(KeyShare share) {
        shares.computeIfPresent(share.client(), (_, known) -> --known.holders == 0 ? null : known);
    }

    /// Calls the action with the bindings that know a row. A binding whose delivery of the row still waits for
    /// Postgres is not among them.
    public void forEachKnowing(RowKey key, Consumer<B> action) {
        if (!isOn() || !isCurrent(key)) {
            return;
        }
        List<KeyHolder<B>> knowing = new ArrayList<>();
        shard(key).forEachHolder(key, number -> {
            KeyHolder<B> holder = holders.get(number);
            if (holder != null) {
                knowing.add(holder);
            }
        });
        knowing.forEach(holder -> action.accept(holder.binding()));
    }

    /// Makes all bindings forget the rows of a table at once, and invalidates every key of it. Call it when the table
    /// was truncated, or dropped and created again: new rows may have the same keys as old ones.
    public void forgetTable(TableId table) {
        if (generations.size() >= TABLES_MAX) {
            generation = lastGeneration.incrementAndGet();
            generations.clear();
        }
        generations.put(table, lastGeneration.incrementAndGet());
    }

    private long generationOf(TableId table) {
        Long own = generations.get(table);
        return own == null ? generation : own;
    }

    /// Whether rows that arrive now get their keys from these.
    public boolean isCurrent(RowKeys made) {
        return made.generation() == generationOf(made.table());
    }

    private boolean isCurrent(RowKey key) {
        return key.generation() == generationOf(key.table());
    }

    /// The memory in use in bytes, free slots included.
    public long bytes() {
        return shards.stream().mapToLong(KeyShard::bytes).sum() + (long) KeyHolder.BYTES * holders.size();
    }

    /// How many times a binding had to forget its keys.
    public long evictions() {
        return evictions.get();
    }

    long nanoTime() {
        return nanoTime.getAsLong();
    }

    void remember(KeyHolder<B> holder, RowKey key) {
        if (!isOn() || !isCurrent(key)) {
            return;
        }
        if (holder.share().keys() >= keysOfClientMax) {
            evict(holder.share());
        }
        KeyShard shard = shard(key);
        for (int tries = 0; tries < TRIES_MAX && !add(shard, holder, key); tries++) {
            makeRoom(shard);
        }
    }

    @SuppressWarnings("ReferenceEquality") // another registration has another number
    private boolean add(KeyShard shard, KeyHolder<B> holder, RowKey key) {
        KeyHolder.Registration registration = registered(holder);
        KeyShard.Added added = shard.add(key, registration.number());
        if (added == KeyShard.Added.NEW) {
            registration.count(1);
        }
        if (holder.registration() != registration) {
            shard.remove(key, registration.number()); // it was cleared meanwhile, and its number may be reused
            registration.countNone();
        }
        return added != KeyShard.Added.FULL;
    }

    boolean forget(KeyHolder.Registration registration, RowKey key) {
        boolean known = isOn() && shard(key).remove(key, registration.number());
        if (known) {
            registration.count(-1);
        }
        return known && isCurrent(key);
    }

    boolean knows(KeyHolder.Registration registration, RowKey key) {
        return isOn() && isCurrent(key) && shard(key).contains(key, registration.number());
    }

    void retire(KeyHolder.Registration registration) {
        holders.remove(registration.number());
        registration.countNone();
    }

    private KeyHolder.Registration registered(KeyHolder<B> holder) {
        KeyHolder.Registration known = holder.registration();
        return known == null ? register(holder) : known;
    }

    private synchronized KeyHolder.Registration register(KeyHolder<B> holder) {
        if (lastNumber.get() == Integer.MAX_VALUE) {
            beginNumbersAnew();
        }
        KeyHolder.Registration fresh = new KeyHolder.Registration(lastNumber.incrementAndGet(), holder.share());
        holder.register(fresh);
        holders.put(fresh.number(), holder);
        return fresh;
    }

    /// Reuses numbers only when no keys of their first holders are left.
    private void beginNumbersAnew() {
        holders.values().forEach(KeyHolder::clear);
        shards.forEach(KeyShard::clear);
        lastNumber.set(0);
    }

    private void makeRoom(KeyShard shard) {
        if (!shard.sweep(holders::containsKey)) {
            evict();
            shard.sweep(holders::containsKey);
        }
    }

    /// Makes the least recently used holders forget, until a quarter of all keys is free.
    private synchronized void evict() {
        evict(new ArrayList<>(holders.values()));
    }

    /// Does the same among the holders of one client.
    private synchronized void evict(KeyShare share) {
        if (share.keys() >= keysOfClientMax) {
            evict(holders.values().stream()
                    .filter(holder -> share.equals(holder.share()))
                    .toList());
        }
    }

    private void evict(List<KeyHolder<B>> among) {
        long now = nanoTime();
        List<Used<B>> byUse = new ArrayList<>();
        among.forEach(holder -> byUse.add(new Used<>(holder, now - holder.usedNanos(), holder.keys())));
        byUse.sort(Comparator.comparingLong((Used<B> used) -> used.idleNanos).reversed());
        long keys = byUse.stream().mapToLong(Used::keys).sum();
        long gone = 0;
        for (Used<B> used : byUse) {
            if (gone > keys / 4) {
                return;
            }
            gone += used.keys;
            used.holder.clear();
            evictions.incrementAndGet();
        }
    }

    /// A holder and its use at the moment of the eviction.
    private record Used<B>(KeyHolder<B> holder, long idleNanos, long keys) {}

    private KeyShard shard(RowKey key) {
        return shards.get((int) key.low() & (shards.size() - 1));
    }
}
