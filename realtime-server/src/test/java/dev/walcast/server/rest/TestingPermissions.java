package dev.walcast.server.rest;

import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/// Allows every role except `anon` to write, unless the topic's name requests a failure: `fails:CANCELED`.
public final class TestingPermissions implements TopicPermissions {
    private final List<TopicQuestion> asked = new CopyOnWriteArrayList<>();

    @Override
    public TopicAccess read(TopicQuestion question, boolean presence) throws TopicCheckException {
        return write(question);
    }

    @Override
    public TopicAccess write(TopicQuestion question) throws TopicCheckException {
        asked.add(question);
        Optional<Reason> trouble = List.of(Reason.values()).stream()
                .filter(reason -> question.topic().equals("fails:" + reason))
                .findFirst();
        if (trouble.isPresent()) {
            throw new TopicCheckException(trouble.get(), "as asked", new IllegalStateException());
        }
        boolean may = !question.viewer().role().equals("anon");
        return new TopicAccess(may, may);
    }

    List<TopicQuestion> asked() {
        return asked;
    }
}
