package dev.walcast.server.changes;

import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// Those that hold one key, by their numbers, which are positive. Guarded by the lock of its shard.
final class HolderSet {
    private static final int SLOTS_MIN = 8;
    private static final int OBJECT_BYTES = 48;

    /// A power of two; 0 is a free slot.
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

    /// Does nothing when it is there.
    void add(int holder) {
        int slot = slotOf(holder);
        if (slots[slot] != holder) {
            slots[slot] = holder;
            size++;
            if (4 * size > 3 * slots.length) {
                resize(2 * slots.length);
            }
        }
    }

    /// Does nothing when it is not there.
    void remove(int holder) {
        int free = slotOf(holder);
        if (slots[free] != holder) {
            return;
        }
        slots[free] = 0;
        size--;
        int mask = slots.length - 1;
        for (int slot = free + 1 & mask; slots[slot] != 0; slot = slot + 1 & mask) {
            int home = home(slots[slot]);
            if ((slot - home & mask) >= (slot - free & mask)) {
                slots[free] = slots[slot];
                slots[slot] = 0;
                free = slot;
            }
        }
        if (slots.length > SLOTS_MIN && 8 * size < slots.length) {
            resize(slots.length / 2);
        }
    }

    void retain(IntPredicate kept) {
        for (int holder : holders()) {
            if (!kept.test(holder)) {
                remove(holder);
            }
        }
        while (slots.length > SLOTS_MIN && 8 * size < 3 * slots.length) {
            resize(slots.length / 2);
        }
    }

    void forEach(IntConsumer action) {
        for (int holder : holders()) {
            action.accept(holder);
        }
    }

    private int[] holders() {
        return Arrays.stream(slots).filter(holder -> holder != 0).toArray();
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

    /// Where it is, or else is to be put.
    private int slotOf(int holder) {
        int mask = slots.length - 1;
        int slot = home(holder);
        while (slots[slot] != 0 && slots[slot] != holder) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private int home(int holder) {
        int mixed = holder * 0x9E3779B9;
        return (mixed ^ mixed >>> 16) & slots.length - 1;
    }
}
