package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/// The topic and the references of a message. References are echoed, never interpreted.
public record Address(@Nullable Ref joinRef, @Nullable Ref ref, Topic topic) {
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

    /// For messages that go to all receivers of a topic.
    public static Address allOn(Topic topic) {
        return new Address(null, null, topic);
    }
}
