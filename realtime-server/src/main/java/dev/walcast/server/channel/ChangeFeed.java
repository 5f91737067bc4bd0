package dev.walcast.server.channel;

import dev.walcast.rls.Viewer;
import java.util.List;

/// Where a channel's `postgres_changes` come from.
public interface ChangeFeed {
    /// Begins to resolve and register the bindings and returns at once; the receiver hears the outcome. Whatever
    /// happens, the subscription must be closed when the channel ends.
    Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver);

    interface Subscription extends AutoCloseable {
        /// Goes on with another viewer's rights: the bindings are resolved again, and the receiver hears the
        /// outcome again. Until then the former viewer's rights hold; no change is lost or comes twice in
        /// between.
        void changeViewer(Viewer viewer);

        /// No call to the receiver begins after this returns, except one that is already under way.
        @Override
        void close();
    }
}
