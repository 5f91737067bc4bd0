package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/// A change's `data` object for one projection, encoded once and shared by all its receivers.
///
/// @param type     `INSERT`, `UPDATE` or `DELETE`
/// @param position the one that stands in `data`; empty when the feed has no positions
/// @param data     UTF-8 JSON; shared, never written to
public record EncodedChange(String type, Optional<String> position, byte[] data) {
    public EncodedChange {
        requireNonNull(type, "type is null");
        requireNonNull(position, "position is null");
        requireNonNull(data, "data is null");
    }

    /// Of a feed without positions.
    public EncodedChange(String type, byte[] data) {
        this(type, Optional.empty(), data);
    }
}
