package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Missing;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Strings that stand for missing values between [TextConverter] and [ChangeMapper]. Only the instance counts: a
/// column may well hold an equal text.
final class Mark {
    private static final Map<Missing, String> INSTANCES = new EnumMap<>(Missing.class);

    static {
        for (Missing missing : Missing.values()) {
            INSTANCES.put(missing, "missing: " + missing.code());
        }
    }

    private Mark() {}

    static String of(Missing missing) {
        return requireNonNull(INSTANCES.get(missing));
    }

    /// Null when the string is a value.
    @SuppressWarnings({"StringEquality", "ReferenceEquality"})
    static @Nullable Missing read(String value) {
        if (!value.startsWith("missing: ")) {
            return null;
        }
        for (Map.Entry<Missing, String> entry : INSTANCES.entrySet()) {
            if (entry.getValue() == value) {
                return entry.getKey();
            }
        }
        return null;
    }
}
