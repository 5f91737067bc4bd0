package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;

/// Checks what a viewer may do on a private topic. The policies of `realtime.messages` decide, as in Supabase
/// Realtime. Results are not cached. Calls block. Safe for any thread.
public interface TopicPermissions {
    /// Asks what a viewer may do on a topic.
    ///
    /// @param topic   without `realtime:`; policies read it with `realtime.topic()`
    /// @param headers the request's headers as a JSON object, by lower-case name; policies read it in
    ///                `request.headers`
    record TopicQuestion(Viewer viewer, String topic, String headers) {
        public TopicQuestion {
            requireNonNull(viewer, "viewer is null");
            requireNonNull(topic, "topic is null");
            requireNonNull(headers, "headers is null");
        }
    }

    /// What is allowed, by kind of message.
    record TopicAccess(boolean broadcast, boolean presence) {
        /// Nothing is allowed.
        public static final TopicAccess NONE = new TopicAccess(false, false);

        /// Whether any kind of message is allowed.
        public boolean any() {
            return broadcast || presence;
        }
    }

    /// Returns which messages the viewer may receive. An error in a policy denies access.
    ///
    /// @param presence whether to check presence; otherwise presence is denied in the result
    /// @throws TopicCheckException when the database gives no answer
    TopicAccess read(TopicQuestion question, boolean presence) throws TopicCheckException;

    /// Returns which messages the viewer may send. An error in a policy denies access.
    ///
    /// @throws TopicCheckException when the database gives no answer
    TopicAccess write(TopicQuestion question) throws TopicCheckException;
}
