package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.Envelopes;
import dev.walcast.server.feed.Envelopes.Envelope;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.presence.PresenceState;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.SystemNote;
import org.jspecify.annotations.Nullable;

/// Encodes the messages of one channel for its client.
final class ChannelFrames {
    private final Serializer serializer;
    private final Address joined;
    private final boolean legacy;
    private final Envelopes envelopes;

    /// Of the latest change: most channels have one binding, and all its changes the same envelope.
    private volatile @Nullable Envelope envelope;

    /// @param joined how the client named its join
    /// @param legacy whether the topic of the client is its binding
    ChannelFrames(Serializer serializer, Address joined, boolean legacy, Envelopes envelopes) {
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.joined = requireNonNull(joined, "joined is null");
        this.legacy = legacy;
        this.envelopes = requireNonNull(envelopes, "envelopes is null");
    }

    /// @param response a JSON object
    OutboundFrame joined(byte[] response) {
        return serializer.encode(joined, "phx_reply", Payload.ok(response));
    }

    /// @param address of the request, whose join ref may be stale
    OutboundFrame reply(Address address, Payload payload) {
        return serializer.encode(address.withJoinRef(joined.joinRef()), "phx_reply", payload);
    }

    OutboundFrame note(SystemNote note) {
        return note(joined.withRef(null), note);
    }

    OutboundFrame noteToAll(SystemNote note) {
        return note(toAll(), note);
    }

    /// @param ids the bindings that match
    OutboundFrame change(int[] ids, EncodedChange change) {
        if (legacy) {
            return legacyChange(change);
        }
        Envelope known = envelope;
        if (known == null || !known.isFor(ids)) {
            known = envelopes.of(serializer, joined.topic(), ids);
            envelope = known;
        }
        return change.in(known);
    }

    private OutboundFrame legacyChange(EncodedChange change) {
        return serializer
                .encode(toAll(), change.type(), Payload.of(change.data()))
                .sharing(change.data(), change.counted());
    }

    OutboundFrame presenceState(PresenceState state) {
        return serializer
                .encode(joined.withRef(null), "presence_state", Payload.of(state.json()))
                .sharing(state.json(), state.counted());
    }

    OutboundFrame snapshot(int id, SnapshotChunk chunk) {
        Payload payload = Payload.snapshot(joined.topic().name(), id, chunk.members());
        return serializer.encode(joined.withRef(null), "system", payload).sharing(chunk.members(), chunk.counted());
    }

    OutboundFrame close() {
        return serializer.encode(ended(), "phx_close", Payload.empty());
    }

    OutboundFrame crash() {
        return serializer.encode(ended(), "phx_error", Payload.reason(ErrorCode.CHANNEL_CRASHED.refusal()));
    }

    /// `phx_close` and `phx_error` name the join they end.
    private Address ended() {
        return joined.withRef(joined.joinRef());
    }

    private Address toAll() {
        return Address.allOn(joined.topic());
    }

    private OutboundFrame note(Address address, SystemNote note) {
        return serializer.encode(
                address, "system", Payload.system(note, joined.topic().name()));
    }
}
