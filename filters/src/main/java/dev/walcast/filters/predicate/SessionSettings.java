package dev.walcast.filters.predicate;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The settings of Postgres that a fresh session of a role begins with, as far as they can change what an expression
/// means. Those that are equal to the settings under which values are rendered may be left out. Immutable.
public final class SessionSettings {
    /// Those under which values are rendered.
    public static final SessionSettings NONE = new SessionSettings(Map.of());

    private final Map<String, String> values;
    private final int hash;

    /// @param values by name; names are not case-sensitive
    public SessionSettings(Map<String, String> values) {
        Map<String, String> sorted = new TreeMap<>();
        values.forEach((name, value) -> sorted.put(name.toLowerCase(Locale.ROOT), value));
        this.values = Collections.unmodifiableMap(sorted);
        this.hash = sorted.hashCode();
    }

    /// By name in lower case, in the order of the names.
    public Map<String, String> values() {
        return values;
    }

    /// @param name in lower case
    /// @return null when the setting has the value under which values are rendered
    public @Nullable String get(String name) {
        return values.get(name);
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other == this
                || (other instanceof SessionSettings that && hash == that.hash && values.equals(that.values));
    }

    @Override
    public int hashCode() {
        return hash;
    }

    /// Without the values: custom settings may hold secrets.
    @Override
    public String toString() {
        return "SessionSettings" + values.keySet();
    }
}
