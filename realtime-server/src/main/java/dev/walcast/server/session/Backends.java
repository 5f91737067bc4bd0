package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.acks.Cursors;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.topic.MessageHistory;
import java.util.function.BooleanSupplier;

/// What channels need from the database.
///
/// @param cursors            how far changes were acknowledged
/// @param databaseBroadcasts whether broadcasts from the database arrive right now
public record Backends(
        ChangeFeed feed,
        Cursors cursors,
        TopicPermissions permissions,
        MessageHistory history,
        BooleanSupplier databaseBroadcasts) {
    public Backends {
        requireNonNull(feed, "feed is null");
        requireNonNull(cursors, "cursors is null");
        requireNonNull(permissions, "permissions is null");
        requireNonNull(history, "history is null");
        requireNonNull(databaseBroadcasts, "databaseBroadcasts is null");
    }
}
