package dev.walcast.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.security.Key;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jose4j.jwk.JsonWebKey;
import org.jose4j.lang.JoseException;
import org.jspecify.annotations.Nullable;

/// The usable keys of a JSON Web Key Set. A key with an `alg`, `use` or `key_ops` is used only for what these allow.
///
/// @param skipped why entries are not used: a sentence for each, with nothing of the keys
record KeySet(List<Entry> entries, List<String> skipped) implements KeyLookup {
    private static final int KEYS_MAX = 100;

    record Entry(String id, VerificationKey key) {}

    KeySet {
        entries = List.copyOf(entries);
        skipped = List.copyOf(skipped);
    }

    static KeySet none() {
        return new KeySet(List.of(), List.of());
    }

    /// @param json          an object with `keys`, an array of keys, or a single key
    /// @param takesSecrets  whether shared secrets (`oct`) are used too
    /// @throws IllegalArgumentException when the JSON is none of these; the message says why and repeats nothing
    /// of it
    static KeySet parse(byte[] json, boolean takesSecrets) {
        List<JsonNode> keys = new ArrayList<>();
        elements(json).forEach(keys::add);
        if (keys.size() > KEYS_MAX) {
            throw new IllegalArgumentException("holds more than " + KEYS_MAX + " keys");
        }
        List<Entry> entries = new ArrayList<>();
        List<String> skipped = new ArrayList<>();
        for (int i = 0; i < keys.size(); i++) {
            String problem = read(keys.get(i), takesSecrets, entries);
            if (problem != null) {
                skipped.add("Key " + (i + 1) + " of " + keys.size() + " is skipped: " + problem + ".");
            }
        }
        return new KeySet(entries, skipped);
    }

    @Override
    public Optional<VerificationKey> find(String keyId, SignatureAlgorithm algorithm) {
        return entries.stream()
                .filter(entry ->
                        entry.id().equals(keyId) && entry.key().algorithms().contains(algorithm))
                .map(Entry::key)
                .findFirst();
    }

    @Override
    public void close() {
        // holds no resources
    }

    private static Iterable<JsonNode> elements(byte[] json) {
        JsonNode root = Json.strictTree(Slice.of(json))
                .orElseThrow(() -> new IllegalArgumentException("is not JSON, or names a key of an object twice"));
        JsonNode keys = root.isObject() ? root.path("keys") : root;
        if (keys.isMissingNode() && root.has("kty")) {
            return List.of(root);
        }
        if (!keys.isArray()) {
            throw new IllegalArgumentException("is neither a key set ({\"keys\": [...]}) nor an array of keys");
        }
        return keys;
    }

    /// @return why the key is not used; null when it was added
    private static @Nullable String read(JsonNode jwk, boolean takesSecrets, List<Entry> entries) {
        if (jwk.path("kty").asText().equals("oct") && !takesSecrets) {
            return "a shared secret must not be fetched over the network";
        }
        if (!jwk.path("kid").isTextual()) {
            return "it has no kid";
        }
        if (!isForVerifying(jwk)) {
            return "its use or key_ops does not allow verifying signatures";
        }
        Optional<Key> key = key(jwk);
        if (key.isEmpty()) {
            return "its type or curve is unknown, or it is incomplete";
        }
        Set<SignatureAlgorithm> algorithms = algorithms(jwk, key.get());
        if (algorithms.isEmpty()) {
            return "its size or curve fits no algorithm, or its alg does not fit its type";
        }
        entries.add(new Entry(jwk.path("kid").textValue(), new VerificationKey(key.get(), algorithms)));
        return null;
    }

    private static boolean isForVerifying(JsonNode jwk) {
        JsonNode use = jwk.path("use");
        JsonNode operations = jwk.path("key_ops");
        if (!use.isMissingNode() && !use.asText().equals("sig")) {
            return false;
        }
        // a set made for the issuer lists only `sign` where it holds the private key
        return operations.isMissingNode() || has(operations, "verify") || has(operations, "sign");
    }

    private static boolean has(JsonNode array, String text) {
        for (JsonNode element : array) {
            if (element.asText().equals(text)) {
                return true;
            }
        }
        return false;
    }

    private static Optional<Key> key(JsonNode jwk) {
        try {
            return Optional.ofNullable(JsonWebKey.Factory.newJwk(new String(Json.bytes(jwk), UTF_8))
                    .getKey());
        } catch (JoseException | RuntimeException _) {
            // the library's message may hold the key
            return Optional.empty();
        }
    }

    private static Set<SignatureAlgorithm> algorithms(JsonNode jwk, Key key) {
        Set<SignatureAlgorithm> algorithms = EnumSet.allOf(SignatureAlgorithm.class);
        algorithms.removeIf(algorithm -> !algorithm.fits(key));
        if (jwk.has("alg")) {
            Optional<SignatureAlgorithm> only =
                    SignatureAlgorithm.named(jwk.path("alg").asText());
            algorithms.removeIf(algorithm -> only.filter(algorithm::isSameAs).isEmpty());
        }
        return algorithms;
    }
}
