package dev.walcast.filters.values;

import dev.walcast.cdc.text.ArrayText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The key of a one-dimensional array. Keys compare element by element, NULL above everything, then by length.
record ArrayKey(List<Optional<Object>> elements) {
    /// Returns how arrays of an element type compare. An array of another shape has no key.
    static ComparableType kind(ComparableType element) {
        String name = element + "[]";
        return element.isOrdered()
                ? ComparableType.ordered(
                        name, text -> of(text, element), (one, other) -> compare(one, other, element), false)
                : ComparableType.unorderedPartly(name, text -> of(text, element));
    }

    private static @Nullable Object of(String text, ComparableType element) {
        List<@Nullable String> texts = ArrayText.oneDimension(text);
        if (texts == null) {
            return null;
        }
        List<Optional<Object>> keys = new ArrayList<>(texts.size());
        for (String value : texts) {
            Object key = value == null ? null : element.keyOf(value);
            if (value != null && key == null) {
                return null;
            }
            keys.add(Optional.ofNullable(key));
        }
        return new ArrayKey(keys);
    }

    private static int compare(Object one, Object other, ComparableType element) {
        List<Optional<Object>> first = ((ArrayKey) one).elements;
        List<Optional<Object>> second = ((ArrayKey) other).elements;
        for (int i = 0; i < Math.min(first.size(), second.size()); i++) {
            int order = compare(first.get(i), second.get(i), element);
            if (order != 0) {
                return order;
            }
        }
        return Integer.compare(first.size(), second.size());
    }

    private static int compare(Optional<Object> one, Optional<Object> other, ComparableType element) {
        if (one.isEmpty() || other.isEmpty()) {
            return Boolean.compare(one.isEmpty(), other.isEmpty());
        }
        return element.compare(one.get(), other.get());
    }
}
