package dev.walcast.server.topic;

import dev.walcast.server.protocol.Topic;

/// Where broadcasts meet: a public and a private channel of the same topic are in different rooms.
public record RoomName(Topic topic, boolean isPrivate) {
    public RoomName {
        if (!topic.isNamed()) {
            throw new IllegalArgumentException("clients cannot join this topic");
        }
    }
}
