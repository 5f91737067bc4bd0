package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Topic;

/// Where broadcasts meet: a public and a private channel of the same topic are in different rooms.
public record RoomName(Topic topic, boolean isPrivate) {
    public RoomName {
        requireNonNull(topic, "topic is null");
    }
}
