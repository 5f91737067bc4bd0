package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.ClientShares;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.ReplayRequest;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import java.util.List;
import java.util.concurrent.Semaphore;

/// Asks the database about private topics for one socket, within its client's share. Methods block.
public final class ClientQuestions {
    private final TopicQuestions server;
    private final String headers;
    private final ClientShares shares;
    private final String address;
    private final Semaphore ofSocket;

    /// @param address the connection's address
    /// @param headers those of the upgrade request, as policies read them
    public ClientQuestions(TopicQuestions server, ClientShares shares, String address, String headers) {
        this.server = requireNonNull(server, "server is null");
        this.shares = requireNonNull(shares, "shares is null");
        this.address = requireNonNull(address, "address is null");
        this.headers = requireNonNull(headers, "headers is null");
        // many clients may have one address: a slow client leaves half of the share to the others
        this.ofSocket = new Semaphore(Math.max(1, shares.topicChecksMax() / 2), true);
    }

    /// The question that [#read] and [#write] ask.
    TopicQuestion question(Viewer viewer, Topic topic) {
        return new TopicQuestion(viewer, topic.name(), headers);
    }

    TopicAnswer<TopicAccess> read(Viewer viewer, Topic topic, boolean presence) {
        TopicQuestion question = question(viewer, topic);
        return ask(viewer, (permissions, _) -> permissions.read(question, presence));
    }

    TopicAnswer<TopicAccess> write(Viewer viewer, Topic topic) {
        TopicQuestion question = question(viewer, topic);
        return ask(viewer, (permissions, _) -> permissions.write(question));
    }

    /// Reads the stored broadcasts that a join asks for. Blocks, within the client's share.
    public TopicAnswer<List<StoredMessage>> stored(Viewer viewer, Topic topic, ReplayRequest.Wanted wanted) {
        return ask(viewer, (_, history) -> history.since(topic, wanted.since(), wanted.limit()));
    }

    /// The client whose share the viewer's questions take.
    ClientKey client(Viewer viewer) {
        return ClientKey.of(viewer, address);
    }

    private <T> TopicAnswer<T> ask(Viewer viewer, TopicQuestions.Query<T> question) {
        try (ClientShares.Share share = shares.hold(client(viewer))) {
            return server.ask(ofSocket, share.topicChecks(), question);
        }
    }
}
