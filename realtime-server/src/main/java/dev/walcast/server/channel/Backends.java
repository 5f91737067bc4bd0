package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TopicPermissions;
import java.util.function.BooleanSupplier;

/// What channels need from the database.
///
/// @param databaseBroadcasts whether broadcasts from the database arrive right now
public record Backends(
        ChangeFeed feed, TopicPermissions permissions, MessageHistory history, BooleanSupplier databaseBroadcasts) {
    public Backends {
        requireNonNull(feed, "feed is null");
        requireNonNull(permissions, "permissions is null");
        requireNonNull(history, "history is null");
        requireNonNull(databaseBroadcasts, "databaseBroadcasts is null");
    }
}
