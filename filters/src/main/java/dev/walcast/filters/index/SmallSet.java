package dev.walcast.filters.index;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A set of things that are themselves only, small when it holds few: most hold one. Additions and removals exclude
/// each other (by the caller); walking goes on meanwhile, and sees an addition that came before it.
///
/// @param <T> must not be an array or a set
@SuppressWarnings("ReferenceEquality") // things are themselves only
class SmallSet<T> {
    private static final int ARRAY_MAX = 8;

    /// Null, the one thing, an array of up to [#ARRAY_MAX], or a concurrent set.
    private volatile @Nullable Object content;

    final boolean isEmpty() {
        return content == null;
    }

    final int size() {
        return switch (content) {
            case null -> 0;
            case Object[] array -> array.length;
            case Set<?> set -> set.size();
            default -> 1;
        };
    }

    final void add(T thing) {
        Object present = content;
        switch (present) {
            case null -> content = thing;
            case Object[] array
            when array.length < ARRAY_MAX -> {
                Object[] longer = java.util.Arrays.copyOf(array, array.length + 1);
                longer[array.length] = thing;
                content = longer;
            }
            case Object[] array -> {
                Set<Object> set = ConcurrentHashMap.newKeySet(4 * ARRAY_MAX);
                set.addAll(java.util.List.of(array));
                set.add(thing);
                content = set;
            }
            case Set<?> set -> things(set).add(thing);
            default -> content = new Object[] {present, thing};
        }
    }

    /// @return whether it was there
    final boolean remove(T thing) {
        Object present = content;
        return switch (present) {
            case null -> false;
            case Object[] array -> removeFrom(array, thing);
            case Set<?> set -> {
                boolean removed = set.remove(thing);
                if (set.isEmpty()) {
                    content = null;
                }
                yield removed;
            }
            default -> {
                boolean removed = present == thing;
                content = removed ? null : present;
                yield removed;
            }
        };
    }

    private boolean removeFrom(Object[] array, T thing) {
        for (int i = 0; i < array.length; i++) {
            if (array[i] == thing) {
                Object[] shorter = new Object[array.length - 1];
                System.arraycopy(array, 0, shorter, 0, i);
                System.arraycopy(array, i + 1, shorter, i, shorter.length - i);
                content = shorter.length == 1 ? shorter[0] : shorter;
                return true;
            }
        }
        return false;
    }

    final void forEach(Consumer<? super T> action) {
        switch (content) {
            case null -> {}
            case Object[] array -> {
                for (Object thing : array) {
                    action.accept(cast(thing));
                }
            }
            case Set<?> set -> set.forEach(thing -> action.accept(cast(thing)));
            case Object thing -> action.accept(cast(thing));
        }
    }

    @SuppressWarnings("unchecked") // only things of this type are put in
    private T cast(Object thing) {
        return (T) thing;
    }

    @SuppressWarnings("unchecked") // made by add
    private static Set<Object> things(Set<?> set) {
        return (Set<Object>) set;
    }
}
