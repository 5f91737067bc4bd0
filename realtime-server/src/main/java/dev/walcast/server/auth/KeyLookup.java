package dev.walcast.server.auth;

import java.util.Optional;

/// Where the key with an id is found.
sealed interface KeyLookup extends AutoCloseable permits KeySet, FetchedKeys {
    /// May wait, within a bound, for keys that are being fetched.
    Optional<VerificationKey> find(String keyId, SignatureAlgorithm algorithm);

    @Override
    void close();
}
