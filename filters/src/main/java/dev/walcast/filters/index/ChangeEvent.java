package dev.walcast.filters.index;

import dev.walcast.cdc.Change;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A kind of change that a client can subscribe to. TRUNCATE is not among them.
public enum ChangeEvent {
    INSERT,
    UPDATE,
    DELETE;

    /// Returns the change's kind; null for a TRUNCATE.
    public static @Nullable ChangeEvent of(Change change) {
        return switch (change) {
            case Change.Insert _ -> INSERT;
            case Change.Update _ -> UPDATE;
            case Change.Delete _ -> DELETE;
            case Change.Truncate _ -> null;
        };
    }

    /// Parses a client's `event`: the name of one kind in any letter case. `*` and null mean all kinds.
    ///
    /// @return empty when there is no such kind
    public static Set<ChangeEvent> requested(@Nullable String event) {
        for (ChangeEvent candidate : values()) {
            if (event != null && candidate.name().equals(event.toUpperCase(Locale.ROOT))) {
                return EnumSet.of(candidate);
            }
        }
        return event == null || event.equals("*") ? EnumSet.allOf(ChangeEvent.class) : Set.of();
    }
}
