package dev.walcast.server.rowkeys;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A part of the known keys, each with its holders: an open-addressing table of three arrays. A key with one holder,
/// the usual case, takes 20 bytes of a table that is half to three quarters full. Safe for any thread.
final class KeyShard {
    private static final int SLOT_BYTES = 2 * Long.BYTES + Integer.BYTES;
    private static final int SLOTS_MIN = 16;

    /// The size of unused sets, and of the shard itself.
    private static final int OBJECT_BYTES = 256;

    private final long bytesMax;

    @GuardedBy("this")
    private long[] highs = new long[SLOTS_MIN];

    /// 0 marks a free slot.
    @GuardedBy("this")
    private long[] lows = new long[SLOTS_MIN];

    /// The key's only holder, or `-1 - i` for the set at index i of `sets`.
    @GuardedBy("this")
    private int[] holders = new int[SLOTS_MIN];

    @GuardedBy("this")
    private int size;

    @GuardedBy("this")
    private final List<@Nullable HolderSet> sets = new ArrayList<>();

    @GuardedBy("this")
    private final Deque<Integer> freeSets = new ArrayDeque<>();

    @GuardedBy("this")
    private long setBytes;

    KeyShard(long bytesMax) {
        this.bytesMax = bytesMax;
    }

    /// The result of an addition.
    enum Added {
        NEW,
        KNOWN,
        /// Nothing was added: memory has to be freed first.
        FULL
    }

    synchronized Added add(RowKey key, int holder) {
        int slot = slotOf(key);
        if (lows[slot] == 0) {
            return insert(key, holder);
        }
        int held = holders[slot];
        if (held == holder) {
            return Added.KNOWN;
        }
        HolderSet set = held < 0 ? set(held) : null;
        if (set != null && set.contains(holder)) {
            return Added.KNOWN;
        }
        if (bytes() + (set == null ? SLOT_BYTES + OBJECT_BYTES : set.bytes()) > bytesMax) {
            return Added.FULL;
        }
        if (set == null) {
            set = new HolderSet();
            set.add(held);
            holders[slot] = place(set);
        }
        setBytes -= set.bytes();
        set.add(holder);
        setBytes += set.bytes();
        return Added.NEW;
    }

    @GuardedBy("this")
    private Added insert(RowKey key, int holder) {
        if (4L * (size + 1) > 3L * lows.length) {
            boolean near = 2 * bytes() > bytesMax;
            int slots = lows.length + Math.max(SLOTS_MIN, lows.length / (near ? 8 : 2));
            long most = (bytesMax - OBJECT_BYTES - setBytes) / SLOT_BYTES;
            if (Math.min(slots, most) <= lows.length) {
                return Added.FULL;
            }
            resize((int) Math.min(slots, most));
            return add(key, holder);
        }
        int slot = slotOf(key);
        highs[slot] = key.high();
        lows[slot] = key.low();
        holders[slot] = holder;
        size++;
        return Added.NEW;
    }

    /// @return whether the holder had the key
    synchronized boolean remove(RowKey key, int holder) {
        int slot = slotOf(key);
        if (lows[slot] == 0 || !holds(slot, holder)) {
            return false;
        }
        int held = holders[slot];
        HolderSet set = held < 0 ? set(held) : null;
        if (set != null) {
            setBytes -= set.bytes();
            set.remove(holder);
            setBytes += set.bytes();
        }
        if (set == null || set.size() == 0) {
            free(slot);
        }
        return true;
    }

    synchronized boolean contains(RowKey key, int holder) {
        int slot = slotOf(key);
        return lows[slot] != 0 && holds(slot, holder);
    }

    synchronized void forEachHolder(RowKey key, IntConsumer action) {
        int slot = slotOf(key);
        if (lows[slot] == 0) {
            return;
        }
        if (holders[slot] < 0) {
            set(holders[slot]).forEach(action);
        } else {
            action.accept(holders[slot]);
        }
    }

    /// Removes the keys of all other holders.
    ///
    /// @return whether a fifth of the memory is free afterwards
    synchronized boolean sweep(IntPredicate kept) {
        for (HolderSet set : sets) {
            if (set != null) {
                setBytes -= set.bytes();
                set.retain(kept);
                setBytes += set.bytes();
            }
        }
        long[] oldHighs = highs;
        long[] oldLows = lows;
        int[] oldHolders = holders;
        size = 0;
        allocate(oldLows.length);
        for (int i = 0; i < oldLows.length; i++) {
            if (oldLows[i] != 0 && tryKeep(oldHolders[i], kept)) {
                put(oldHighs[i], oldLows[i], oldHolders[i]);
            }
        }
        int fitting = (int) (4L * size / 3) + SLOTS_MIN;
        if (fitting < lows.length) {
            resize(fitting);
        }
        return bytes() < bytesMax - bytesMax / 5;
    }

    @GuardedBy("this")
    private boolean tryKeep(int held, IntPredicate kept) {
        if (held > 0) {
            return kept.test(held);
        }
        boolean empty = set(held).size() == 0;
        if (empty) {
            release(held);
        }
        return !empty;
    }

    synchronized void clear() {
        allocate(SLOTS_MIN);
        size = 0;
        sets.clear();
        freeSets.clear();
        setBytes = 0;
    }

    synchronized long bytes() {
        return OBJECT_BYTES + (long) SLOT_BYTES * lows.length + setBytes;
    }

    @GuardedBy("this")
    private boolean holds(int slot, int holder) {
        int held = holders[slot];
        return held < 0 ? set(held).contains(holder) : held == holder;
    }

    @GuardedBy("this")
    private HolderSet set(int held) {
        HolderSet set = sets.get(-held - 1);
        if (set == null) {
            throw new IllegalStateException("no set of holders at " + held);
        }
        return set;
    }

    @GuardedBy("this")
    private int place(HolderSet set) {
        setBytes += set.bytes();
        Integer free = freeSets.poll();
        if (free != null) {
            sets.set(free, set);
            return -free - 1;
        }
        sets.add(set);
        return -sets.size();
    }

    @GuardedBy("this")
    private void release(int held) {
        setBytes -= set(held).bytes();
        sets.set(-held - 1, null);
        freeSets.add(-held - 1);
    }

    /// Moves back the entries behind it that were displaced.
    @GuardedBy("this")
    private void free(int removed) {
        if (holders[removed] < 0) {
            release(holders[removed]);
        }
        int free = removed;
        lows[free] = 0;
        size--;
        for (int slot = next(free); lows[slot] != 0; slot = next(slot)) {
            int home = home(highs[slot]);
            if (distance(home, slot) >= distance(free, slot)) {
                highs[free] = highs[slot];
                lows[free] = lows[slot];
                holders[free] = holders[slot];
                lows[slot] = 0;
                free = slot;
            }
        }
        if (lows.length > SLOTS_MIN && 6L * size < lows.length) {
            resize(Math.max(SLOTS_MIN, 2 * size));
        }
    }

    @GuardedBy("this")
    private void resize(int slots) {
        long[] oldHighs = highs;
        long[] oldLows = lows;
        int[] oldHolders = holders;
        allocate(slots);
        for (int i = 0; i < oldLows.length; i++) {
            if (oldLows[i] != 0) {
                size--;
                put(oldHighs[i], oldLows[i], oldHolders[i]);
            }
        }
    }

    @GuardedBy("this")
    private void allocate(int slots) {
        highs = new long[slots];
        lows = new long[slots];
        holders = new int[slots];
    }

    @GuardedBy("this")
    private void put(long high, long low, int held) {
        int slot = slotOf(high, low);
        highs[slot] = high;
        lows[slot] = low;
        holders[slot] = held;
        size++;
    }

    @GuardedBy("this")
    private int slotOf(RowKey key) {
        return slotOf(key.high(), key.low());
    }

    /// The slot of the key, or the slot to put it into.
    @GuardedBy("this")
    private int slotOf(long high, long low) {
        int slot = home(high);
        while (lows[slot] != 0 && (lows[slot] != low || highs[slot] != high)) {
            slot = next(slot);
        }
        return slot;
    }

    @GuardedBy("this")
    private int home(long high) {
        return (int) Math.unsignedMultiplyHigh(high, lows.length);
    }

    @GuardedBy("this")
    private int next(int slot) {
        return slot + 1 == lows.length ? 0 : slot + 1;
    }

    @GuardedBy("this")
    private int distance(int from, int to) {
        return to >= from ? to - from : to - from + lows.length;
    }
}
