package dev.walcast.server.feed;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// The envelopes around changes that were used lately, so that channels which need equal ones share one: clients of an
/// application join the same topics with the same bindings. An envelope is kept only while a channel or a change holds
/// it. Safe for any thread; what it has forgotten is made again.
public final class Envelopes {
    private static final int SLOTS = 1 << 12;

    private final AtomicReferenceArray<WeakReference<Envelope>> recent = new AtomicReferenceArray<>(SLOTS);

    /// All of a frame but the change's data.
    ///
    /// @param ids the bindings that match; never written to
    public record Envelope(Serializer serializer, Topic topic, int[] ids, OutboundFrame empty) {
        public Envelope {
            requireNonNull(serializer, "serializer is null");
            requireNonNull(topic, "topic is null");
            requireNonNull(empty, "empty is null");
        }

        /// Whether it is for exactly these bindings, in this order.
        public boolean isFor(int[] others) {
            return Arrays.equals(ids, others);
        }

        private boolean isFor(Serializer otherSerializer, Topic otherTopic, int[] others) {
            return serializer.equals(otherSerializer) && topic.equals(otherTopic) && isFor(others);
        }
    }

    /// The envelope for these bindings of a topic: one that was used lately, or a new one.
    public Envelope of(Serializer serializer, Topic topic, int[] ids) {
        int hash = Objects.hash(serializer, topic, Arrays.hashCode(ids));
        int slot = (hash ^ (hash >>> 16)) & (SLOTS - 1);
        WeakReference<Envelope> kept = recent.get(slot);
        Envelope known = kept == null ? null : kept.get();
        if (known != null && known.isFor(serializer, topic, ids)) {
            return known;
        }
        OutboundFrame empty =
                serializer.encode(Address.allOn(topic), "postgres_changes", Payload.change(ids, new byte[0]));
        Envelope fresh = new Envelope(serializer, topic, ids.clone(), empty);
        recent.set(slot, new WeakReference<>(fresh));
        return fresh;
    }
}
