package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// Who a message is for or from, in the client's own words; refs are echoed, never interpreted.
public record Address(@Nullable Ref joinRef, @Nullable Ref ref, String topic) {
    public Address {
        requireNonNull(topic, "topic is null");
    }

    /// As the framework answers a request that belongs to no channel.
    public Address withoutJoinRef() {
        return new Address(null, ref, topic);
    }

    public Address withJoinRef(@Nullable Ref newJoinRef) {
        return new Address(newJoinRef, ref, topic);
    }

    public Address withRef(@Nullable Ref newRef) {
        return new Address(joinRef, newRef, topic);
    }

    /// For messages that go to everybody on a topic.
    public static Address everybodyOn(String topic) {
        return new Address(null, null, topic);
    }
}
