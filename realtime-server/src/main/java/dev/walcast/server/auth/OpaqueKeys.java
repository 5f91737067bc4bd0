package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.rls.Viewer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// API keys that are not tokens: `sb_publishable_…` stands for the role anon, `sb_secret_…` for service_role. Only
/// their digests are kept.
public final class OpaqueKeys {
    private static final String PREFIX = "sb_";
    private static final int RANDOM_LENGTH_MIN = 20;

    private final List<Entry> entries;

    private record Entry(byte[] digest, Viewer viewer) {}

    private OpaqueKeys(List<Entry> entries) {
        this.entries = List.copyOf(entries);
    }

    /// The two kinds of key.
    public enum Kind {
        PUBLISHABLE("sb_publishable_", "anon"),
        SECRET("sb_secret_", "service_role");

        private final String prefix;
        private final String role;

        Kind(String prefix, String role) {
            this.prefix = prefix;
            this.role = role;
        }

        /// Parses a comma-separated list of keys.
        ///
        /// @throws IllegalArgumentException when an entry is no key; the message gives the reason only
        public OpaqueKeys parse(String list) {
            return new OpaqueKeys(Arrays.stream(list.split(","))
                    .map(String::strip)
                    .filter(key -> !key.isEmpty())
                    .map(this::entry)
                    .toList());
        }

        private Entry entry(String key) {
            if (!key.startsWith(prefix)) {
                throw new IllegalArgumentException("holds a key that does not begin with " + prefix);
            }
            if (!key.substring(prefix.length()).matches("[A-Za-z0-9_-]{" + RANDOM_LENGTH_MIN + ",}")) {
                throw new IllegalArgumentException("holds a key that is not " + prefix + " and at least "
                        + RANDOM_LENGTH_MIN + " letters, digits, - or _");
            }
            return new Entry(sha256(key), new Viewer(role, "{\"role\":\"" + role + "\"}"));
        }
    }

    public static OpaqueKeys none() {
        return new OpaqueKeys(List.of());
    }

    public OpaqueKeys and(OpaqueKeys others) {
        List<Entry> all = new ArrayList<>(entries);
        all.addAll(others.entries);
        return new OpaqueKeys(all);
    }

    /// Whether the text has the form of an opaque key, known or not.
    public static boolean isOpaque(String token) {
        return token.startsWith(PREFIX);
    }

    /// Finds the viewer of a key in constant time, whether or not the key is known.
    Optional<Viewer> viewer(String key) {
        byte[] digest = sha256(key);
        @Nullable Viewer found = null;
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.digest(), digest)) {
                found = entry.viewer();
            }
        }
        return Optional.ofNullable(found);
    }

    private static byte[] sha256(String key) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(key.getBytes(UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
