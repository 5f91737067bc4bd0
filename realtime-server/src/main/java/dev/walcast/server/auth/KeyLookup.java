package dev.walcast.server.auth;

import dev.walcast.cdc.supervisor.Supervisor;
import java.util.Optional;

/// Finds verification keys by their id.
sealed interface KeyLookup extends AutoCloseable permits KeySet, FetchedKeys {
    /// Finds a key. May wait, within a bound, for keys that are being fetched.
    Optional<VerificationKey> find(String keyId, SignatureAlgorithm algorithm);

    /// Starts to keep the keys up to date, if they can change.
    default void keepFresh(Supervisor supervisor) {}

    @Override
    void close();
}
