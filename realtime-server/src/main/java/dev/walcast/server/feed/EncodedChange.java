package dev.walcast.server.feed;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.feed.Envelopes.Envelope;
import dev.walcast.server.memory.SharedBytes;
import dev.walcast.server.protocol.OutboundFrame;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A change's `data` object for one projection, encoded once and shared by all its receivers. Safe for any thread.
public final class EncodedChange {
    private final String type;
    private final Optional<String> position;
    private final byte[] data;
    private final SharedBytes counted;
    private final long commitMicros;

    /// Of the latest receiver: the next one's is most likely the same.
    private volatile @Nullable Framed latest;

    private record Framed(Envelope envelope, OutboundFrame frame) {}

    /// @param type     `INSERT`, `UPDATE` or `DELETE`
    /// @param position what a client that has it may resume from; empty when the feed has no positions
    /// @param data     UTF-8 JSON; shared, never written to
    public EncodedChange(String type, Optional<String> position, byte[] data) {
        this(type, position, data, 0);
    }

    /// @param commitMicros when it was committed, in microseconds since 1970; 0 when that is unknown
    public EncodedChange(String type, Optional<String> position, byte[] data, long commitMicros) {
        this(type, position, data, new SharedBytes(data.length), commitMicros);
    }

    private EncodedChange(String type, Optional<String> position, byte[] data, SharedBytes counted, long commitMicros) {
        this.type = requireNonNull(type, "type is null");
        this.position = requireNonNull(position, "position is null");
        this.data = requireNonNull(data, "data is null");
        this.counted = counted;
        this.commitMicros = commitMicros;
    }

    /// The same change for a client that reads the past: how old it is tells nothing about the server's speed.
    public EncodedChange asPast() {
        return commitMicros == 0 ? this : new EncodedChange(type, position, data, counted, 0);
    }

    /// Of a feed without positions.
    public EncodedChange(String type, byte[] data) {
        this(type, Optional.empty(), data);
    }

    /// `INSERT`, `UPDATE` or `DELETE`.
    public String type() {
        return type;
    }

    /// Where a client that has the change may resume; empty when the feed has no positions.
    public Optional<String> position() {
        return position;
    }

    /// Never to be written to.
    public byte[] data() {
        return data;
    }

    /// The data as it is counted in the budget of memory: once for all clients that it waits for.
    public SharedBytes counted() {
        return counted;
    }

    /// The frame for receivers of this envelope.
    @SuppressWarnings("ReferenceEquality") // equal envelopes are mostly one, and else it is only made again
    public OutboundFrame in(Envelope envelope) {
        Framed known = latest;
        if (known == null || known.envelope != envelope) {
            known = new Framed(envelope, envelope.empty().around(data, counted, commitMicros));
            latest = known;
        }
        return known.frame;
    }
}
