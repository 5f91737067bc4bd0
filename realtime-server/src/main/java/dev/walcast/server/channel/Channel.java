package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.access.ChannelRights;
import dev.walcast.server.access.PrivateRights;
import dev.walcast.server.access.TopicAnswer;
import dev.walcast.server.acks.Acknowledgements;
import dev.walcast.server.json.Json;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.presence.PresenceListener;
import dev.walcast.server.presence.PresenceState;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Ref;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.SystemNote;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.JoinRequest;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.tasks.Lane;
import dev.walcast.server.topic.EncodedBroadcast;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import dev.walcast.server.topic.Replay;
import dev.walcast.server.topic.RoomMember;
import dev.walcast.server.topic.RoomName;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One socket's membership of one topic. JOINING → JOINED → LEFT or CLOSED.
///
/// What the client sends is handled by [ChannelPushes], in order. Other sessions, the change feed and timers deliver.
/// The lock makes the reply to the join the channel's first frame and its last words the last: a thread that delivers
/// holds it for one offer to the outbox. The only lock taken while holding it is the hub's; nothing foreign is called.
/// Presence rooms take it while they hold their own.
public final class Channel implements RoomMember, PresenceListener {
    /// How many trees of what a client tracks are there at once: the message, a copy without refs, one to compare.
    private static final int PRESENCE_TREES = 3;

    private static final Logger LOG = LoggerFactory.getLogger(Channel.class);

    /// Whether the client may come back; what it tracks may wait for it then.
    public enum Parting {
        FOR_GOOD,
        TO_RETURN
    }

    private enum State {
        JOINING,
        JOINED,
        /// By the client: what it pushed before is still handled.
        LEFT,
        /// By us: what it pushed before is not handled any more.
        CLOSED
    }

    private final Services services;
    private final JoinedSocket socket;
    private final Outbox outbox;
    private final long memoryBytes;
    private final Address joined;
    private final RoomName room;
    private final JoinRequest request;
    private final ChangeDelivery changes;
    private final ChannelFrames frames;
    private final ChannelRights rights;
    private final Entrance entrance;
    private final Lane lane;
    private final ChannelPushes pushes;
    private final ChannelPresence presence;
    private final ExpiryWatch expiry;
    private final ReplicationNotice replication;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private State state = State.JOINING;

    @GuardedBy("lock")
    private boolean entered;

    @GuardedBy("lock")
    private Credential credential;

    @GuardedBy("lock")
    private @Nullable Replay replay;

    /// The `response` of the reply to the join; null once the join is answered.
    @GuardedBy("lock")
    private byte @Nullable [] response;

    @GuardedBy("lock")
    private boolean withheld;

    @GuardedBy("lock")
    private final HeldFrames held;

    /// @param joined how the client named its join
    public Channel(Services services, JoinedSocket socket, Address joined, JoinResult.Accepted accepted) {
        this.services = requireNonNull(services, "services is null");
        this.socket = requireNonNull(socket, "socket is null");
        this.outbox = socket.outbox();
        this.memoryBytes = accepted.memoryBytes();
        this.held = new HeldFrames(outbox.memory());
        this.joined = requireNonNull(joined, "joined is null");
        this.request = accepted.request().withoutBindings();
        this.credential = accepted.credential();
        this.room = new RoomName(joined.topic(), request.isPrivate());
        this.frames = new ChannelFrames(socket.serializer(), joined, request.legacy(), services.envelopes());
        Bindings numbered = Bindings.number(accepted.request().bindings().list());
        this.response = numbered.response();
        this.changes = new ChangeDelivery(
                this,
                frames,
                outbox,
                services.feed(),
                numbered.bindings(),
                Acknowledgements.of(services.cursors(), joined.topic(), address(), numbered.bindings()));
        this.rights = new ChannelRights(socket.questions(), services.privateRights(), room, this::onAnswer);
        this.entrance = new Entrance(socket.questions(), rights, room);
        this.lane = new Lane(services.timers()::startNow, socket.waitingBytes(), this::failed);
        this.pushes = new ChannelPushes(services, socket.budget(), this, rights, lane);
        this.presence = new ChannelPresence(
                this,
                services,
                socket.budget().presence(),
                new ChannelPresence.Rights(rights::mayReadPresence, () -> rights.askToWritePresence(viewer())));
        this.expiry = new ExpiryWatch(
                services, until -> closeBecause(services.verifier().expired(until)));
        this.replication = new ReplicationNotice(services, this);
    }

    public Topic topic() {
        return room.topic();
    }

    /// Where its client comes from.
    String address() {
        return socket.budget().address();
    }

    RoomName room() {
        return room;
    }

    JoinRequest request() {
        return request;
    }

    /// The reference of the join; null when the client gave none.
    public @Nullable Ref joinRef() {
        return joined.joinRef();
    }

    // -- how it begins

    /// Answers the join, at once or when the database has said whether it may be; from then on the channel receives
    /// what happens in its room.
    public void open() {
        if (!room.isPrivate()) {
            enter(List.of());
        } else if (!lane.submit(this::decide, () -> true, 0)) {
            closeBecause(ErrorCode.CHANNEL_BUSY.refusal());
        }
    }

    private void decide() {
        if (!is(State.JOINING)) {
            return;
        }
        switch (entrance.ask(request, viewer(), this::hold)) {
            case TopicAnswer.Given<List<StoredMessage>>(List<StoredMessage> stored) -> enter(stored);
            case TopicAnswer.Refused<List<StoredMessage>>(Refusal refusal) -> closeBecause(refusal);
        }
    }

    /// Enters the room before the history is read, so that nothing is lost between the two.
    private void hold() {
        synchronized (lock) {
            if (state == State.JOINING) {
                replay = new Replay(outbox.memory());
                services.hub().join(room, this);
            }
        }
    }

    private void enter(List<StoredMessage> stored) {
        synchronized (lock) {
            OutboundFrame reply = frames.joined(requireNonNull(response, "the join is answered twice"));
            response = null;
            boolean complete = replay == null || !replay.overflown();
            if (state == State.JOINING && complete) {
                state = State.JOINED;
                entered = true;
                services.hub().join(room, this);
                outbox.offer(reply);
                if (replay != null) {
                    replay.finish(stored, socket.serializer(), joined).forEach(this::offerOrHold);
                }
            }
        }
        if (!is(State.JOINED)) {
            closeBecause(ErrorCode.REPLAY_FAILED.refusal());
            return;
        }
        if (request.replicationReady()) {
            replication.look();
        }
        follow(credential());
    }

    // -- what the client sends

    /// @param bytes what it holds in memory while it waits
    public void receive(Message.Push push, int bytes) {
        pushes.receive(push, bytes);
    }

    /// On the lane, while the client is a member.
    void presence(Message.Presence push) {
        Optional<Refusal> refused = presence.refuseUnread(push);
        if (refused.isPresent()) {
            closeBecause(refused.get());
            return;
        }
        long bytes = PRESENCE_TREES * Json.treeBytes(push.payload());
        try (MemoryAccount.Reservation parsing = outbox.memory().reserve(bytes)) {
            if (parsing == null) {
                reply(push.address(), Payload.error(ErrorCode.MEMORY_EXHAUSTED.refusal()));
            } else {
                presence.handle(push);
            }
        }
    }

    /// Counts what the socket makes the server hold.
    @Override
    public MemoryAccount memory() {
        return outbox.memory();
    }

    /// Not answered on a channel without a binding that asked for it.
    void acknowledge(Message.Acknowledgement push) {
        changes.acknowledge(push.payload()).ifPresent(answer -> reply(push.address(), answer));
    }

    /// Answers the leave and ends the channel; false when it has just ended by itself and nothing was answered.
    public boolean leave(Address address) {
        OutboundFrame reply = frames.reply(address, Payload.ok());
        return isOpen(end(State.LEFT, Parting.FOR_GOOD, reply, frames.close()));
    }

    // -- what reaches it

    @Override
    public void deliver(EncodedBroadcast broadcast) {
        if (!rights.mayReadBroadcasts()) {
            return;
        }
        if (rights.isStale()) {
            withhold();
        } else {
            broadcast.frame(socket.serializer()).ifPresent(frame -> holdOrOffer(broadcast, frame));
        }
    }

    private void holdOrOffer(EncodedBroadcast broadcast, OutboundFrame frame) {
        synchronized (lock) {
            if (state == State.JOINING && replay != null) {
                replay.hold(broadcast.id(), frame);
            } else if (state == State.JOINED && (replay == null || !replay.isReplayed(broadcast.id()))) {
                offerOrHold(frame);
            }
        }
    }

    @Override
    public void deliverPresenceState(PresenceState state) {
        if (rights.isStale()) {
            withhold();
        } else {
            pushOrHold(frames.presenceState(state));
        }
    }

    @Override
    public void deliverPresenceDiff(EncodedBroadcast diff) {
        if (rights.isStale()) {
            withhold();
        } else {
            diff.frame(socket.serializer()).ifPresent(this::pushOrHold);
        }
    }

    void deliverNote(SystemNote note) {
        push(frames.note(note));
    }

    /// Tells the client that the server is about to stop.
    public void announceDisconnect() {
        push(frames.noteToAll(SystemNote.disconnecting()));
    }

    private void pushOrHold(OutboundFrame frame) {
        synchronized (lock) {
            if (state == State.JOINED) {
                offerOrHold(frame);
            }
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void offerOrHold(OutboundFrame frame) {
        if (held.isHolding()) {
            held.add(frame);
        } else {
            outbox.offer(frame);
        }
    }

    // -- while a new token is asked about

    /// From here on nothing of the room is delivered until [#endToken], and no change. A token of a public channel is
    /// dealt with at once.
    void beginToken() {
        synchronized (lock) {
            held.begin();
        }
        if (room.isPrivate()) {
            changes.pause();
        }
    }

    /// The token has been dealt with: what came meanwhile is delivered, if the channel is still open. Its client may
    /// read at least what it could before, or the channel would have been closed.
    void endToken() {
        if (room.isPrivate()) {
            changes.resume();
        }
        boolean tooMuch;
        synchronized (lock) {
            held.end();
            tooMuch = held.overflown();
            if (!held.isHolding() && state == State.JOINED && !tooMuch) {
                held.take().forEach(outbox::offer);
            }
        }
        if (tooMuch) {
            Refusal why = ErrorCode.CHANNEL_BUSY.refusal().over(HeldFrames.FRAMES_MAX, HeldFrames.FRAMES_MAX);
            close(why, Parting.TO_RETURN, frames.note(SystemNote.closing(why)), frames.crash());
        }
    }

    // -- while its rights are asked again

    /// Takes effect after what the client has sent before.
    private void onAnswer(PrivateRights.Answered answered) {
        lane.append(() -> {
            if (!is(State.JOINED)) {
                return;
            }
            TopicAccess before = rights.mayRead();
            rights.confirm(answered).ifPresentOrElse(this::closeBecause, () -> {
                if (!rights.mayRead().equals(before)) {
                    presence.follow();
                }
            });
        });
    }

    /// Something was not delivered, because nothing has confirmed for too long that the client may read it. The client
    /// is told to come back; its next join asks.
    private void withhold() {
        synchronized (lock) {
            if (state != State.JOINED || withheld) {
                return;
            }
            withheld = true;
        }
        lane.append(() -> {
            Refusal why = rights.unconfirmed();
            close(why, Parting.TO_RETURN, frames.note(SystemNote.closing(why)), frames.crash());
        });
    }

    // -- how it ends

    /// Ends it with a reason the client reads; clients do not come back by themselves. A join under way is refused.
    void closeBecause(Refusal refusal) {
        close(refusal, Parting.FOR_GOOD, frames.note(SystemNote.closing(refusal)), frames.close());
    }

    /// Ends it after an error of the server; clients join again.
    public void crash() {
        close(ErrorCode.JOIN_CRASHED.refusal(), Parting.TO_RETURN, frames.crash());
    }

    /// Ends it without a word; what is to be said about it is returned.
    public OutboundFrame shutDown(Parting parting) {
        end(State.LEFT, parting);
        return frames.close();
    }

    private void failed(Throwable e) {
        LOG.error("a channel failed", e);
        crash();
    }

    private void close(Refusal ofJoin, Parting parting, OutboundFrame... lastWords) {
        socket.forget(this);
        if (end(State.CLOSED, parting, lastWords) == State.JOINING) {
            socket.refuseLater(joined, ofJoin);
        }
    }

    /// Nothing follows the last words. A client that has not joined receives them only after its own leave.
    ///
    /// @return the state before
    private State end(State how, Parting parting, OutboundFrame... lastWords) {
        State before;
        synchronized (lock) {
            before = state;
            state = isOpen(before) ? how : before;
            held.forget();
            if (replay != null) {
                replay.forget();
            }
        }
        if (isOpen(before)) {
            expiry.cancel();
            replication.cancel();
            rights.retire();
            services.hub().leave(room, this);
            presence.retire(parting == Parting.TO_RETURN);
            if (before == State.JOINED || how == State.LEFT) {
                List.of(lastWords).forEach(outbox::offer);
            }
            changes.retire();
            outbox.memory().release(memoryBytes);
        }
        if (before == State.JOINING) {
            socket.budget().giveSeatBack();
        }
        return before;
    }

    private static boolean isOpen(State state) {
        return state == State.JOINING || state == State.JOINED;
    }

    // -- inside

    private boolean is(State expected) {
        synchronized (lock) {
            return state == expected;
        }
    }

    boolean isJoined() {
        return is(State.JOINED);
    }

    /// Whether what the client pushed is handled: not when it was never let in, and not when we have shown it out.
    boolean isServed() {
        synchronized (lock) {
            return entered && state != State.CLOSED;
        }
    }

    Credential credential() {
        synchronized (lock) {
            return credential;
        }
    }

    Viewer viewer() {
        return credential().verified().viewer();
    }

    /// Goes on with this token, which has been found good enough.
    void follow(Credential fresh) {
        synchronized (lock) {
            if (state != State.JOINED) {
                return;
            }
            credential = fresh;
        }
        expiry.follow(fresh.verified().expiresAt());
        presence.follow();
        changes.follow(fresh.verified().viewer());
    }

    void reply(Address address, Payload payload) {
        push(frames.reply(address, payload));
    }

    /// Queues a frame for the client, if it is a member.
    void push(OutboundFrame frame) {
        synchronized (lock) {
            if (state == State.JOINED) {
                outbox.offer(frame);
            }
        }
    }
}
