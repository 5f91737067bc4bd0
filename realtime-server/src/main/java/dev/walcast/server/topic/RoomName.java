package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

/// Where broadcasts meet: a public and a private channel of the same topic are in different rooms.
public record RoomName(String topic, boolean isPrivate) {
    public RoomName {
        requireNonNull(topic, "topic is null");
    }
}
