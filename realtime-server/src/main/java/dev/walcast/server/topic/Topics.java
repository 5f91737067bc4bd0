package dev.walcast.server.topic;

/// Only topics of the form `realtime:<name>` can be joined.
public final class Topics {
    private static final String PREFIX = "realtime:";

    private Topics() {}

    /// Whether clients may join the topic.
    public static boolean isJoinable(String topic) {
        return topic.startsWith(PREFIX);
    }

    /// @param topic a joinable one
    public static String subTopic(String topic) {
        return topic.substring(PREFIX.length());
    }
}
