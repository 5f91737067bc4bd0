package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.access.PrivateRights.Answered;
import dev.walcast.server.access.PrivateRights.Asking;
import dev.walcast.server.access.RightsRound.Asked;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.RoomName;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Holds what a channel's client may do on its topic. On a public topic it may do everything. On a private topic the
/// database decides: the right to read is asked at the join, after a new token, and repeatedly by [PrivateRights].
/// The right to write is asked at a push when it is unknown or out of date.
///
/// Methods that ask block. They are called on the channel's lane, or by one thread at a time where there is no lane.
/// The methods that only return what is known may be called by any thread.
public final class ChannelRights {
    private static final TopicAccess ALL = new TopicAccess(true, true);

    private record Known(TopicAccess access, Asked asked) {}

    private final ClientQuestions questions;
    private final PrivateRights server;
    private final RightsWatch watch;
    private final Topic topic;
    private final boolean isPrivate;

    /// Null before the first answer.
    private volatile @Nullable Known read;

    private volatile @Nullable Known write;
    private volatile boolean presenceAsked;

    /// Why the last recheck has failed.
    private volatile @Nullable Refusal unconfirmed;

    /// What the last answer was about.
    private @Nullable Asking key;

    /// @param member called after the database was asked again
    public ChannelRights(ClientQuestions questions, PrivateRights server, RoomName room, PrivateRights.Member member) {
        this.questions = requireNonNull(questions, "questions is null");
        this.server = requireNonNull(server, "server is null");
        this.watch = new RightsWatch(server, member);
        this.topic = room.topic();
        this.isPrivate = room.isPrivate();
        this.presenceAsked = !isPrivate;
    }

    // -- what is known

    /// Whether the database may have to be asked before this push is handled.
    public boolean mustAsk(Message.Push push) {
        return isPrivate
                && switch (push) {
                    case Message.AccessToken _ -> true;
                    case Message.BroadcastPush _ -> !knowsWrite();
                    case Message.Presence _ -> !knowsWrite() || !presenceAsked;
                    case Message.UnreadableBroadcast _,
                            Message.Acknowledgement _,
                            Message.TooLarge _,
                            Message.Unknown _ -> false;
                };
    }

    /// Whether the client may receive broadcasts, by the last answer. Always true in a public channel.
    public boolean mayReadBroadcasts() {
        return mayRead().broadcast();
    }

    /// Whether the client may receive presence, by the last answer. Always true in a public channel.
    public boolean mayReadPresence() {
        return mayRead().presence();
    }

    /// Returns the last answer. [#isStale] says whether it still counts.
    public TopicAccess mayRead() {
        Known known = read;
        return isPrivate ? (known == null ? TopicAccess.NONE : known.access()) : ALL;
    }

    /// Whether what is known was not confirmed in time. Nothing may be delivered then.
    public boolean isStale() {
        Known known = read;
        return isPrivate && known != null && !server.isTrusted(known.asked());
    }

    /// The text for the client when something was withheld because the rights are stale.
    public Refusal unconfirmed() {
        server.countWithheld();
        Refusal known = unconfirmed;
        return known == null ? ErrorCode.TOPIC_DATABASE_UNREACHABLE.refusal() : known;
    }

    private boolean knowsWrite() {
        Known known = write;
        return known != null && server.isCurrent(known.asked());
    }

    // -- what asks

    /// Checks a join. Empty when the client may join.
    public Optional<Refusal> checkJoin(Viewer viewer, boolean presence) {
        presenceAsked = presence;
        return askToRead(viewer).or(() -> mayRead().any() ? Optional.empty() : Optional.of(unreadable()));
    }

    /// Checks a new token. Empty when the client may stay.
    public Optional<Refusal> checkToken(Viewer viewer) {
        if (!isPrivate) {
            return Optional.empty();
        }
        TopicAccess before = mayRead();
        write = null;
        return askToRead(viewer).or(() -> lost(before));
    }

    /// Takes the answer to a recheck. Empty when the client may stay, and when the answer is about another token or
    /// is older than what is known.
    public Optional<Refusal> confirm(Answered answered) {
        Known known = read;
        if (known == null
                || !answered.key().equals(key)
                || answered.asked().nanos() - known.asked().nanos() <= 0) {
            return Optional.empty();
        }
        return switch (answered.answer()) {
            case TopicAnswer.Given<TopicAccess>(TopicAccess access) -> {
                unconfirmed = null;
                read = new Known(access, answered.asked());
                yield lost(known.access());
            }
            case TopicAnswer.Refused<TopicAccess>(Refusal refusal) -> {
                unconfirmed = refusal;
                yield Optional.empty();
            }
        };
    }

    /// Empty when the client may send broadcasts.
    public Optional<Refusal> checkBroadcast(Viewer viewer) {
        if (!isPrivate) {
            return Optional.empty();
        }
        return switch (askToWrite(viewer)) {
            case TopicAnswer.Given<TopicAccess>(TopicAccess access) ->
                access.broadcast() ? Optional.empty() : Optional.of(unwritable());
            case TopicAnswer.Refused<TopicAccess>(Refusal refusal) -> Optional.of(refusal);
        };
    }

    /// False also when the database cannot answer. A client that did not ask for presence at the join may read
    /// presence from this call on, if the policies allow it.
    public boolean askToWritePresence(Viewer viewer) {
        if (!isPrivate) {
            return true;
        }
        if (!presenceAsked) {
            presenceAsked = true;
            if (askToRead(viewer).isPresent()) {
                presenceAsked = false;
                return false;
            }
        }
        return askToWrite(viewer) instanceof TopicAnswer.Given<TopicAccess>(TopicAccess access) && access.presence();
    }

    /// Ends the rechecks.
    public void retire() {
        watch.cancel();
    }

    // -- inside

    /// The text for a client that may not, or no longer, receive broadcasts.
    public Refusal unreadable() {
        return ErrorCode.TOPIC_UNREADABLE.refusal(topic.name());
    }

    private Refusal unwritable() {
        return ErrorCode.TOPIC_UNWRITABLE.refusal(topic.name());
    }

    private Optional<Refusal> lost(TopicAccess before) {
        TopicAccess now = mayRead();
        if (!now.any()) {
            return Optional.of(unreadable());
        }
        boolean less = (before.broadcast() && !now.broadcast()) || (before.presence() && !now.presence());
        return less ? Optional.of(ErrorCode.TOPIC_LOST.refusal(topic.name())) : Optional.empty();
    }

    private Optional<Refusal> askToRead(Viewer viewer) {
        Asked asked = server.ask();
        boolean presence = presenceAsked;
        return switch (questions.read(viewer, topic, presence)) {
            case TopicAnswer.Given<TopicAccess>(TopicAccess access) -> {
                key = new Asking(questions.question(viewer, topic), presence);
                unconfirmed = null;
                read = new Known(access, asked);
                watch.follow(questions.client(viewer), key, asked);
                yield Optional.empty();
            }
            case TopicAnswer.Refused<TopicAccess>(Refusal refusal) -> Optional.of(refusal);
        };
    }

    private TopicAnswer<TopicAccess> askToWrite(Viewer viewer) {
        Known known = write;
        if (known != null && server.isCurrent(known.asked())) {
            return new TopicAnswer.Given<>(known.access());
        }
        Asked asked = server.ask();
        TopicAnswer<TopicAccess> answer = questions.write(viewer, topic);
        write = answer instanceof TopicAnswer.Given<TopicAccess>(TopicAccess access) ? new Known(access, asked) : null;
        return answer;
    }
}
