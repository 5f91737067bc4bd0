package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TopicPermissions.Access;
import dev.walcast.rls.TopicPermissions.Question;
import dev.walcast.rls.Viewer;
import dev.walcast.server.channel.MessageHistory.StoredMessage;
import java.util.List;
import java.util.concurrent.Semaphore;

/// What one socket asks the database about private topics. Calls block.
final class ClientQuestions {
    private final TopicQuestions server;
    private final String headers;
    private final Semaphore permits;

    /// @param headers of the upgrade request, as policies find them
    ClientQuestions(TopicQuestions server, String headers) {
        this.server = requireNonNull(server, "server is null");
        this.headers = requireNonNull(headers, "headers is null");
        this.permits = new Semaphore(server.atOnceOfClient(), true);
    }

    /// What [#read] and [#write] ask.
    Question question(Viewer viewer, String subTopic) {
        return new Question(viewer, subTopic, headers);
    }

    Answer<Access> read(Viewer viewer, String subTopic, boolean presence) {
        Question question = question(viewer, subTopic);
        return server.ask(permits, (permissions, _) -> permissions.read(question, presence));
    }

    Answer<Access> write(Viewer viewer, String subTopic) {
        Question question = question(viewer, subTopic);
        return server.ask(permits, (permissions, _) -> permissions.write(question));
    }

    Answer<List<StoredMessage>> stored(String subTopic, ReplayRequest.Wanted wanted) {
        return server.ask(permits, (_, history) -> history.since(subTopic, wanted.since(), wanted.limit()));
    }
}
