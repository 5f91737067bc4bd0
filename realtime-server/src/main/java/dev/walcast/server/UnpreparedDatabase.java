package dev.walcast.server;

import dev.walcast.rls.TopicCheckException;
import dev.walcast.rls.TopicPermissions;
import dev.walcast.server.channel.MessageHistory;
import java.time.Instant;
import java.util.List;

/// A database that knows nothing of private topics: every question is answered with what is to be done about it.
final class UnpreparedDatabase implements TopicPermissions, MessageHistory {
    private static final String NOT_INSTALLED = "the schema realtime is not installed";

    @Override
    public Access read(Question question, boolean presence) throws TopicCheckException {
        throw notInstalled();
    }

    @Override
    public Access write(Question question) throws TopicCheckException {
        throw notInstalled();
    }

    @Override
    public List<StoredMessage> since(String topic, Instant since, int limit) throws HistoryException {
        throw new HistoryException(NOT_INSTALLED, notInstalled());
    }

    private static TopicCheckException notInstalled() {
        return new TopicCheckException(
                TopicCheckException.Reason.NOT_INSTALLED, NOT_INSTALLED, new IllegalStateException(NOT_INSTALLED));
    }
}
