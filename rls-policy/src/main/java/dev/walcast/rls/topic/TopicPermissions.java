package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;

/// What a viewer may do on a private topic: what the policies of `realtime.messages` say, as the reference server asks
/// them. Answers are not cached here. Calls block; safe for any thread.
public interface TopicPermissions {
    /// Who asks about which topic.
    ///
    /// @param topic   without its `realtime:`; what `realtime.topic()` gives
    /// @param headers a JSON object of the request's headers, by lower-case name; what policies find in
    ///                `request.headers`
    record TopicQuestion(Viewer viewer, String topic, String headers) {
        public TopicQuestion {
            requireNonNull(viewer, "viewer is null");
            requireNonNull(topic, "topic is null");
            requireNonNull(headers, "headers is null");
        }
    }

    /// What is allowed, by what it is for.
    record TopicAccess(boolean broadcast, boolean presence) {
        public static final TopicAccess NONE = new TopicAccess(false, false);

        public boolean any() {
            return broadcast || presence;
        }
    }

    /// Which messages the viewer may receive. A policy that fails denies.
    ///
    /// @param presence whether presence is asked about; otherwise it counts as denied
    /// @throws TopicCheckException when the database could not say
    TopicAccess read(TopicQuestion question, boolean presence) throws TopicCheckException;

    /// What the viewer may send. A policy that fails denies.
    ///
    /// @throws TopicCheckException when the database could not say
    TopicAccess write(TopicQuestion question) throws TopicCheckException;
}
