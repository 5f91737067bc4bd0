package dev.walcast.server.feed;

import dev.walcast.rls.Viewer;
import java.util.List;

/// Where a channel's `postgres_changes` come from.
public interface ChangeFeed {
    /// Begins to resolve and register the bindings and returns at once; the receiver hears the outcome. The
    /// subscription must be closed when the channel ends, also after a refusal.
    Subscription subscribe(List<Binding> bindings, Viewer viewer, ChangeReceiver receiver);

    interface Subscription extends AutoCloseable {
        /// Goes on with another viewer's rights: the bindings are resolved again, and the receiver hears the
        /// outcome again. Until then nothing is delivered; no change is lost or comes twice in between.
        void changeViewer(Viewer viewer);

        /// Delivers nothing until [#resume]: a token came, and it is not known yet whose it is. What is committed
        /// meanwhile waits. Does not block.
        default void pause() {}

        /// Goes on with the latest viewer, whose rights are looked up again; to be called once for each [#pause].
        default void resume() {}

        /// No call to the receiver begins after this returns, except one that is already under way.
        @Override
        void close();
    }
}
