package dev.walcast.server.testing;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.MessageHistory;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// A database whose policies and stored messages are set by the test. By default no client may do anything.
public final class TestingTopics implements TopicPermissions, MessageHistory {
    public interface Policy {
        TopicAccess of(TopicQuestion question) throws TopicCheckException;
    }

    public record Stored(String topic, Instant at, StoredMessage message) {}

    private final List<Stored> stored = new CopyOnWriteArrayList<>();
    private final AtomicInteger asking = new AtomicInteger();
    private final AtomicInteger askingMost = new AtomicInteger();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile Policy read = _ -> TopicAccess.NONE;
    private volatile Policy write = _ -> TopicAccess.NONE;
    private volatile Runnable whileReadingHistory = () -> {};
    private volatile boolean historyFails;

    public static final TopicAccess ALL = new TopicAccess(true, true);

    public TestingTopics read(Policy policy) {
        read = policy;
        return this;
    }

    public TestingTopics write(Policy policy) {
        write = policy;
        return this;
    }

    public TestingTopics allowAll() {
        return read(_ -> ALL).write(_ -> ALL);
    }

    public void store(Stored message) {
        stored.add(message);
    }

    public void whileReadingHistory(Runnable action) {
        whileReadingHistory = action;
    }

    public void failHistory() {
        historyFails = true;
    }

    /// The largest number of questions at the same time.
    public int askingMost() {
        return askingMost.get();
    }

    public int asked() {
        return asked.get();
    }

    public int asking() {
        return asking.get();
    }

    @Override
    public TopicAccess read(TopicQuestion question, boolean presence) throws TopicCheckException {
        TopicAccess access = ask(read, question);
        return new TopicAccess(access.broadcast(), access.presence() && presence);
    }

    @Override
    public TopicAccess write(TopicQuestion question) throws TopicCheckException {
        return ask(write, question);
    }

    private TopicAccess ask(Policy policy, TopicQuestion question) throws TopicCheckException {
        asked.incrementAndGet();
        askingMost.accumulateAndGet(asking.incrementAndGet(), Math::max);
        try {
            return policy.of(question);
        } finally {
            asking.decrementAndGet();
        }
    }

    @Override
    public List<StoredMessage> since(Topic topic, Instant since, int limit) throws HistoryException {
        whileReadingHistory.run();
        if (historyFails) {
            throw new HistoryException("for the test", new IllegalStateException());
        }
        List<StoredMessage> found = stored.stream()
                .filter(s -> s.topic().equals(topic.name()) && !s.at().isBefore(since))
                .map(Stored::message)
                .toList();
        return found.subList(Math.max(0, found.size() - limit), found.size());
    }
}
