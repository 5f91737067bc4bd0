package dev.walcast.server.channel;

/// Only topics of the form `realtime:<name>` can be joined.
final class Topics {
    private static final String PREFIX = "realtime:";

    private Topics() {}

    static boolean isJoinable(String topic) {
        return topic.startsWith(PREFIX);
    }

    /// @param topic a joinable one
    static String subTopic(String topic) {
        return topic.substring(PREFIX.length());
    }
}
