package dev.walcast.server.rowkeys;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// The set of holders of one key, by number. Numbers are positive. Guarded by the lock of its shard.
final class HolderSet {
    private static final int SLOTS_MIN = 4;
    private static final int OBJECT_BYTES = 48;

    /// 0 marks a free slot. At most three quarters are in use.
    private int[] slots = new int[SLOTS_MIN];
    private int size;

    int size() {
        return size;
    }

    long bytes() {
        return OBJECT_BYTES + (long) Integer.BYTES * slots.length;
    }

    boolean contains(int holder) {
        return slots[slotOf(holder)] == holder;
    }

    /// Does nothing when it is present.
    void add(int holder) {
        int slot = slotOf(holder);
        if (slots[slot] != holder) {
            slots[slot] = holder;
            size++;
            if (4L * size > 3L * slots.length) {
                resize(slots.length + slots.length / 2);
            }
        }
    }

    /// Does nothing when it is absent.
    void remove(int holder) {
        int free = slotOf(holder);
        if (slots[free] != holder) {
            return;
        }
        slots[free] = 0;
        size--;
        for (int slot = next(free); slots[slot] != 0; slot = next(slot)) {
            if (distance(home(slots[slot]), slot) >= distance(free, slot)) {
                slots[free] = slots[slot];
                slots[slot] = 0;
                free = slot;
            }
        }
        if (slots.length > SLOTS_MIN && 4L * size < slots.length) {
            resize(Math.max(SLOTS_MIN, slots.length / 2));
        }
    }

    /// Removes all others, and frees the memory that is no longer needed.
    void retain(IntPredicate kept) {
        int[] left = Arrays.stream(slots)
                .filter(holder -> holder != 0 && kept.test(holder))
                .toArray();
        if (left.length < size) {
            size = left.length;
            slots = left;
            resize(Math.max(SLOTS_MIN, (int) (4L * size / 3) + 1));
        }
    }

    void forEach(IntConsumer action) {
        for (int holder : slots) {
            if (holder != 0) {
                action.accept(holder);
            }
        }
    }

    private void resize(int length) {
        int[] old = slots;
        slots = new int[length];
        for (int holder : old) {
            if (holder != 0) {
                slots[slotOf(holder)] = holder;
            }
        }
    }

    /// The slot of the holder, or the slot to put it into.
    private int slotOf(int holder) {
        int slot = home(holder);
        while (slots[slot] != 0 && slots[slot] != holder) {
            slot = next(slot);
        }
        return slot;
    }

    private int home(int holder) {
        long mixed = Integer.toUnsignedLong(holder * 0x9E3779B9);
        return (int) ((mixed * slots.length) >>> Integer.SIZE);
    }

    private int next(int slot) {
        return slot + 1 == slots.length ? 0 : slot + 1;
    }

    private int distance(int from, int to) {
        return to >= from ? to - from : to - from + slots.length;
    }
}
