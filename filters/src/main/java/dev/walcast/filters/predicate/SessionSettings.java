package dev.walcast.filters.predicate;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The settings with which a new session of a role begins, as far as they can change an expression's result.
/// Settings with the same value as for rendering may be left out. Immutable.
public final class SessionSettings {
    /// The settings for rendering values.
    public static final SessionSettings NONE = new SessionSettings(Map.of());

    private final Map<String, String> values;
    private final int hash;

    /// @param values by setting name; names are not case-sensitive
    public SessionSettings(Map<String, String> values) {
        Map<String, String> sorted = new TreeMap<>();
        values.forEach((name, value) -> sorted.put(name.toLowerCase(Locale.ROOT), value));
        this.values = Collections.unmodifiableMap(sorted);
        this.hash = sorted.hashCode();
    }

    /// Returns the settings by name in lower case, in the order of the names.
    public Map<String, String> values() {
        return values;
    }

    /// Returns a setting's value.
    ///
    /// @param name in lower case
    /// @return null when the setting has the same value as for rendering
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

    /// Returns the names only, since custom settings may hold secrets.
    @Override
    public String toString() {
        return "SessionSettings" + values.keySet();
    }
}
