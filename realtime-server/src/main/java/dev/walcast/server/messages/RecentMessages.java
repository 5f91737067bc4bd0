package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.protocol.Topic;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;

/// Remembers when and in which order the newest messages of private topics were committed, as the feed delivered
/// them. The table stores only when a transaction began, which orders the messages that are no longer remembered.
/// Safe for any thread.
final class RecentMessages {
    private static final int TOPICS_MAX = 1_024;

    private final int ofTopicMax;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private final LinkedHashMap<Topic, Deque<Committed>> byTopic = new LinkedHashMap<>(16, 0.75f, true);

    @GuardedBy("lock")
    private long count;

    /// @param id       the row's id
    /// @param micros   the time of the commit, in microseconds since 1970
    /// @param sequence grows with each message of this process
    record Committed(String id, long micros, long sequence) {
        Committed {
            requireNonNull(id, "id is null");
        }
    }

    /// @param ofTopicMax how many messages of a topic are remembered: as many as a client may ask for
    RecentMessages(int ofTopicMax) {
        this.ofTopicMax = ofTopicMax;
    }

    /// Call it in the order of the log.
    void committed(Topic topic, String id, long micros) {
        synchronized (lock) {
            Deque<Committed> messages = byTopic.computeIfAbsent(topic, _ -> new ArrayDeque<>(4));
            messages.addLast(new Committed(id, micros, count++));
            if (messages.size() > ofTopicMax) {
                messages.removeFirst();
            }
            if (byTopic.size() > TOPICS_MAX) {
                byTopic.pollFirstEntry();
            }
        }
    }

    /// The remembered messages, oldest first.
    List<Committed> of(Topic topic) {
        synchronized (lock) {
            Deque<Committed> messages = byTopic.get(topic);
            return messages == null ? List.of() : List.copyOf(messages);
        }
    }
}
