package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

/// A change's `data` object for one projection, encoded once and shared by all its receivers.
///
/// @param type `INSERT`, `UPDATE` or `DELETE`
/// @param data UTF-8 JSON; shared, never written to
public record EncodedChange(String type, byte[] data) {
    public EncodedChange {
        requireNonNull(type, "type is null");
        requireNonNull(data, "data is null");
    }
}
