package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TopicPermissions.Access;
import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What a channel's client may do in its room. Everything in a public one. In a private one what the database says: the
/// right to read is asked at the join, the right to write at the first push that needs it, both again after a new
/// token.
///
/// What asks blocks, and is called on the channel's lane only; all threads may look at what is known.
final class ChannelRights {
    private static final Access ALL = new Access(true, true);

    private final ClientQuestions questions;
    private final String subTopic;
    private final boolean isPrivate;

    private volatile Access read;
    private volatile @Nullable Access write;
    private volatile boolean presenceAsked;

    ChannelRights(ClientQuestions questions, RoomName room) {
        this.questions = requireNonNull(questions, "questions is null");
        this.subTopic = Topics.subTopic(room.topic());
        this.isPrivate = room.isPrivate();
        this.read = isPrivate ? Access.NONE : ALL;
        this.write = isPrivate ? null : ALL;
        this.presenceAsked = !isPrivate;
    }

    /// Whether the database may have to be asked before this push can be handled.
    boolean mustAsk(Message.Push push) {
        return switch (push) {
            case Message.AccessToken _ -> isPrivate;
            case Message.BroadcastPush _ -> write == null;
            case Message.Presence _ -> write == null || !presenceAsked;
            case Message.UnreadableBroadcast _, Message.Acknowledgement _, Message.Unknown _ -> false;
        };
    }

    boolean mayReadBroadcasts() {
        return read.broadcast();
    }

    boolean mayReadPresence() {
        return read.presence();
    }

    /// For the join. Nothing when the client may enter.
    Optional<Refusal> enter(Viewer viewer, boolean presence) {
        presenceAsked = presence;
        return askToRead(viewer).or(() -> read.any() ? Optional.empty() : Optional.of(unreadable()));
    }

    /// For a new token. Nothing when the client may stay.
    Optional<Refusal> change(Viewer viewer) {
        if (!isPrivate) {
            return Optional.empty();
        }
        Access before = read;
        write = null;
        return askToRead(viewer).or(() -> lost(before));
    }

    /// Nothing when the client may send broadcasts.
    Optional<Refusal> writeBroadcast(Viewer viewer) {
        return askToWrite(viewer).or(() -> mayWrite().broadcast() ? Optional.empty() : Optional.of(unwritable()));
    }

    /// Not when nobody can say. Who did not ask for presence at the join may read it from here on, if it may.
    boolean mayWritePresence(Viewer viewer) {
        if (!presenceAsked) {
            presenceAsked = true;
            if (askToRead(viewer).isPresent()) {
                presenceAsked = false;
                return false;
            }
        }
        return askToWrite(viewer).isEmpty() && mayWrite().presence();
    }

    /// What the client reads that may not, or no longer, receive broadcasts.
    Refusal unreadable() {
        return ErrorCode.TOPIC_UNREADABLE.refusal(subTopic);
    }

    private Refusal unwritable() {
        return ErrorCode.TOPIC_UNWRITABLE.refusal(subTopic);
    }

    private Optional<Refusal> lost(Access before) {
        Access now = read;
        if (!now.any()) {
            return Optional.of(unreadable());
        }
        boolean less = (before.broadcast() && !now.broadcast()) || (before.presence() && !now.presence());
        return less ? Optional.of(ErrorCode.TOPIC_LOST.refusal(subTopic)) : Optional.empty();
    }

    private Optional<Refusal> askToRead(Viewer viewer) {
        return switch (questions.read(viewer, subTopic, presenceAsked)) {
            case Answer.Given<Access>(Access access) -> {
                read = access;
                yield Optional.empty();
            }
            case Answer.Refused<Access>(Refusal refusal) -> Optional.of(refusal);
        };
    }

    private Optional<Refusal> askToWrite(Viewer viewer) {
        if (write != null) {
            return Optional.empty();
        }
        return switch (questions.write(viewer, subTopic)) {
            case Answer.Given<Access>(Access access) -> {
                write = access;
                yield Optional.empty();
            }
            case Answer.Refused<Access>(Refusal refusal) -> Optional.of(refusal);
        };
    }

    private Access mayWrite() {
        Access known = write;
        return known == null ? Access.NONE : known;
    }
}
