package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.access.ChannelRights;
import dev.walcast.server.access.ClientQuestions;
import dev.walcast.server.access.TopicAnswer;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.request.JoinRequest;
import dev.walcast.server.request.ReplayRequest;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import dev.walcast.server.topic.RoomName;
import java.util.List;
import java.util.Optional;

/// Decides whether a private channel's client may enter, and finds what it wants to hear first. Blocks.
final class Entrance {
    private final ClientQuestions questions;
    private final ChannelRights rights;
    private final RoomName room;

    Entrance(ClientQuestions questions, ChannelRights rights, RoomName room) {
        this.questions = requireNonNull(questions, "questions is null");
        this.rights = requireNonNull(rights, "rights is null");
        this.room = requireNonNull(room, "room is null");
    }

    /// @param beforeHistory called before the history is read, when it is
    /// @return what is to be replayed
    TopicAnswer<List<StoredMessage>> ask(JoinRequest request, Viewer viewer, Runnable beforeHistory) {
        Optional<Refusal> refused = rights.checkJoin(viewer, request.presenceEnabled());
        if (refused.isPresent()) {
            return new TopicAnswer.Refused<>(refused.get());
        }
        return switch (request.replay()) {
            case ReplayRequest.Absent _, ReplayRequest.Ignored _ -> new TopicAnswer.Given<>(List.of());
            case ReplayRequest.Unreadable _ -> new TopicAnswer.Refused<>(ErrorCode.REPLAY_UNREADABLE.refusal());
            case ReplayRequest.Wanted wanted -> history(viewer, wanted, beforeHistory);
        };
    }

    private TopicAnswer<List<StoredMessage>> history(
            Viewer viewer, ReplayRequest.Wanted wanted, Runnable beforeHistory) {
        if (!rights.mayReadBroadcasts()) {
            return new TopicAnswer.Refused<>(rights.unreadable());
        }
        beforeHistory.run();
        return questions.stored(viewer, room.topic(), wanted);
    }
}
