package dev.walcast.server;

import dev.walcast.rls.TopicCheckException;
import dev.walcast.rls.TopicPermissions;

/// Nobody may do anything on a private topic as long as there are none.
final class PrivateTopicsUnavailable implements TopicPermissions {
    @Override
    public Access read(Question question, boolean presence) throws TopicCheckException {
        throw unavailable();
    }

    @Override
    public Access write(Question question) throws TopicCheckException {
        throw unavailable();
    }

    private static TopicCheckException unavailable() {
        return new TopicCheckException(
                TopicCheckException.Reason.NOT_INSTALLED,
                "private channels are not available in this version of the server",
                new UnsupportedOperationException());
    }
}
