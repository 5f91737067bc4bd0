package dev.walcast.server.auth;

import dev.walcast.cdc.supervisor.Supervisor;
import java.util.Optional;

/// Where the key with an id is found.
sealed interface KeyLookup extends AutoCloseable permits KeySet, FetchedKeys {
    /// May wait, within a bound, for keys that are being fetched.
    Optional<VerificationKey> find(String keyId, SignatureAlgorithm algorithm);

    /// Starts what keeps the keys up to date, if they can change.
    default void keepFresh(Supervisor supervisor) {}

    @Override
    void close();
}
