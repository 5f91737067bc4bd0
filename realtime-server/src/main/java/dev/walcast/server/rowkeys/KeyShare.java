package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.ClientKey;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the keys of all bindings of one client; see [KnownKeys]. Safe for any thread.
final class KeyShare {
    private final ClientKey client;
    private final AtomicLong keys = new AtomicLong();

    // guarded by the map of all shares
    int holders;

    KeyShare(ClientKey client) {
        this.client = requireNonNull(client, "client is null");
    }

    ClientKey client() {
        return client;
    }

    void count(long more) {
        keys.addAndGet(more);
    }

    long keys() {
        return keys.get();
    }
}
