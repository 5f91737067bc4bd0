package dev.walcast.server.channel;

import dev.walcast.rls.Viewer;
import java.util.List;

/// Where a channel's `postgres_changes` come from.
public interface ChangeFeed {
    /// Begins to resolve and register the bindings and returns at once; the receiver hears the outcome. Whatever
    /// happens,
    /// the subscription must be closed when the channel ends.
    Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver);

    interface Subscription extends AutoCloseable {
        /// No call to the receiver begins after this returns, except one that is already under way.
        @Override
        void close();
    }
}
