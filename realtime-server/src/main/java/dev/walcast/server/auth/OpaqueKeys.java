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

/// API keys that are no tokens: `sb_publishable_…` stands for the role anon, `sb_secret_…` for service_role. Only
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

        /// The keys in a comma list.
        ///
        /// @throws IllegalArgumentException when one is none; the message says why and does not repeat it
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

    /// Whether this is meant as such a key, ours or not.
    public static boolean isOpaque(String token) {
        return token.startsWith(PREFIX);
    }

    /// Takes the same time whichever key it is, and whether or not it is one.
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
