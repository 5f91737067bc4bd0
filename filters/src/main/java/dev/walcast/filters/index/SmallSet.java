package dev.walcast.filters.index;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A set that takes little memory while it holds few elements. Elements are compared by identity. The caller
/// makes additions and removals exclude each other. [#forEach] may run at the same time and sees every addition
/// that came before it.
///
/// @param <T> neither an array nor a set
@SuppressWarnings("ReferenceEquality") // elements are compared by identity
class SmallSet<T> {
    private static final int ARRAY_MAX = 8;

    /// Null, the single element, an array of up to [#ARRAY_MAX] elements, or a concurrent set.
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

    final void add(T element) {
        Object present = content;
        switch (present) {
            case null -> content = element;
            case Object[] array
            when array.length < ARRAY_MAX -> {
                Object[] longer = java.util.Arrays.copyOf(array, array.length + 1);
                longer[array.length] = element;
                content = longer;
            }
            case Object[] array -> {
                Set<Object> set = ConcurrentHashMap.newKeySet(4 * ARRAY_MAX);
                set.addAll(java.util.List.of(array));
                set.add(element);
                content = set;
            }
            case Set<?> set -> elements(set).add(element);
            default -> content = new Object[] {present, element};
        }
    }

    /// @return whether the set held the element
    final boolean remove(T element) {
        Object present = content;
        return switch (present) {
            case null -> false;
            case Object[] array -> removeFrom(array, element);
            case Set<?> set -> {
                boolean removed = set.remove(element);
                if (set.isEmpty()) {
                    content = null;
                }
                yield removed;
            }
            default -> {
                boolean removed = present == element;
                content = removed ? null : present;
                yield removed;
            }
        };
    }

    private boolean removeFrom(Object[] array, T element) {
        for (int i = 0; i < array.length; i++) {
            if (array[i] == element) {
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
                for (Object element : array) {
                    action.accept(cast(element));
                }
            }
            case Set<?> set -> set.forEach(element -> action.accept(cast(element)));
            case Object element -> action.accept(cast(element));
        }
    }

    @SuppressWarnings("unchecked") // only things of this type are put in
    private T cast(Object element) {
        return (T) element;
    }

    @SuppressWarnings("unchecked") // made by add
    private static Set<Object> elements(Set<?> set) {
        return (Set<Object>) set;
    }
}
