package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Topic;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;

/// When and in which order the newest messages of private topics were committed, as the feed has told. The table
/// itself holds only when a transaction began. What it has forgotten is ordered by that. Safe for any thread.
final class RecentMessages {
    private static final int TOPICS_MAX = 1_024;

    private final int ofTopicMax;
    private final Object lock = new Object();

    // guarded by lock
    private final LinkedHashMap<Topic, Deque<Committed>> byTopic = new LinkedHashMap<>(16, 0.75f, true);
    private long count;

    /// @param id       as the table has it
    /// @param micros   the time of the commit, since 1970
    /// @param sequence grows from message to message of this process
    record Committed(String id, long micros, long sequence) {
        Committed {
            requireNonNull(id, "id is null");
        }
    }

    /// @param ofTopicMax how many messages of a topic are remembered: as many as a client may ask for
    RecentMessages(int ofTopicMax) {
        this.ofTopicMax = ofTopicMax;
    }

    /// To be called in the order of the log.
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

    /// Those that are remembered, the oldest first.
    List<Committed> of(Topic topic) {
        synchronized (lock) {
            Deque<Committed> messages = byTopic.get(topic);
            return messages == null ? List.of() : List.copyOf(messages);
        }
    }
}
