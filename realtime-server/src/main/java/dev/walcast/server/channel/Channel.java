package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Json;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.SystemNote;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// One socket's membership of one topic. JOINING → JOINED → LEFT.
///
/// The session's reader thread handles pushes; other sessions, the change feed and timers deliver. The lock makes the
/// reply to the join the channel's first frame and its last words the last: whoever delivers holds it for one offer
/// to the outbox. The only lock taken while holding it is the hub's; nothing foreign is called.
final class Channel {
    private static final Duration EXPIRY_CHECK_MAX = Duration.ofMinutes(5);

    private enum State {
        JOINING,
        JOINED,
        LEFT
    }

    private final Services services;
    private final Session session;
    private final Address joined;
    private final RoomName room;
    private final JoinRequest request;
    private final List<Binding> bindings;
    private final ChangeDelivery changes;
    private final Object lock = new Object();

    // guarded by lock
    private State state = State.JOINING;
    private Credential credential;
    private @Nullable Future<?> expiryCheck;

    Channel(Services services, Session session, Address joined, JoinResult.Accepted accepted) {
        this.services = requireNonNull(services, "services is null");
        this.session = requireNonNull(session, "session is null");
        this.joined = requireNonNull(joined, "joined is null");
        this.room = RoomName.publicRoom(joined.topic());
        this.request = accepted.request();
        this.credential = accepted.credential();
        this.bindings = Bindings.number(request.bindings());
        this.changes = new ChangeDelivery(this, services.feed(), bindings);
    }

    String topic() {
        return joined.topic();
    }

    @Nullable
    String joinRef() {
        return joined.joinRef();
    }

    /// Answers the join; from here on the channel receives what happens in its room.
    void open() {
        byte[] response = Json.bytes(Bindings.response(bindings));
        synchronized (lock) {
            state = State.JOINED;
            services.hub().join(room, this);
            session.offer(joined, "phx_reply", Payload.ok(response));
        }
        follow(credential());
    }

    // -- what the client sends

    void broadcast(Message.BroadcastPush push) {
        if (push.content().payloadBytes() > services.limits().payloadBytesMax()) {
            acknowledge(push.address(), Payload.error(ErrorCode.PAYLOAD_TOO_LARGE.refusal()));
            services.stats().countDropped();
            return;
        }
        services.hub().broadcast(room, push.content(), request.self() ? null : this);
        acknowledge(push.address(), Payload.ok());
    }

    void refuseBroadcast(Address address) {
        acknowledge(address, Payload.error(ErrorCode.BROADCAST_UNREADABLE.refusal()));
    }

    void presence(Message.Presence push) {
        reply(push.address(), presenceAnswer(Json.tree(push.payload()).orElse(null)));
    }

    void accessToken(Message.AccessToken push) {
        String token = Json.tree(push.payload())
                .map(payload -> payload.path("access_token").textValue())
                .orElse(null);
        if (token == null
                || JoinRequest.isOpaque(token)
                || token.equals(credential().token())) {
            return;
        }
        switch (services.verifier().verify(token)) {
            case TokenVerdict.Rejected rejected -> closeBecause(rejected.refusal());
            case TokenVerdict.Verified verified -> follow(new Credential(token, verified));
        }
    }

    /// Answers the leave and ends the channel; false when it has just ended by itself and nothing was answered.
    boolean leave(Address address) {
        return shutDown(
                session.encode(address.withJoinRef(joined.joinRef()), "phx_reply", Payload.ok()),
                session.encode(closing(), "phx_close", Payload.empty()));
    }

    // -- what reaches it

    void deliver(EncodedBroadcast broadcast) {
        broadcast.frame(session.serializer()).ifPresent(this::push);
    }

    void deliverNote(SystemNote note) {
        push(note(joined.withRef(null), note));
    }

    void deliverChange(int[] ids, EncodedChange change) {
        push(changeFrame(ids, change));
    }

    boolean hasRoom() {
        return session.hasRoom();
    }

    void awaitRoom() throws InterruptedException {
        session.awaitRoom();
    }

    void announceDisconnect() {
        push(note(Address.everybodyOn(topic()), SystemNote.disconnecting()));
    }

    // -- how it ends

    /// Ends it with a reason the client reads; clients do not come back by themselves.
    void closeBecause(Refusal refusal) {
        session.forget(this);
        shutDown(
                note(joined.withRef(null), SystemNote.closing(refusal)),
                session.encode(closing(), "phx_close", Payload.empty()));
    }

    /// Ends it after an accident of ours; clients join again.
    void crash() {
        shutDown(session.encode(closing(), "phx_error", Payload.reason(ErrorCode.CHANNEL_CRASHED.refusal())));
    }

    /// Ends it, and nothing follows the last words; false when it has ended before.
    boolean shutDown(OutboundFrame... lastWords) {
        synchronized (lock) {
            if (state == State.LEFT) {
                return false;
            }
            state = State.LEFT;
            if (expiryCheck != null) {
                expiryCheck.cancel(false);
            }
        }
        services.hub().leave(room, this);
        for (OutboundFrame frame : lastWords) {
            session.offer(frame);
        }
        changes.retire();
        return true;
    }

    /// `phx_close` and `phx_error` name the join they end.
    Address closing() {
        return joined.withRef(joined.joinRef());
    }

    // -- inside

    private Credential credential() {
        synchronized (lock) {
            return credential;
        }
    }

    private void follow(Credential fresh) {
        synchronized (lock) {
            if (state == State.LEFT) {
                return;
            }
            credential = fresh;
            scheduleExpiryCheck();
        }
        changes.follow(fresh.verified().viewer());
    }

    /// With the lock held.
    private void scheduleExpiryCheck() {
        if (expiryCheck != null) {
            expiryCheck.cancel(false);
        }
        Duration left = Duration.between(
                services.clock().instant(), credential.verified().expiresAt());
        Duration delay = left.compareTo(EXPIRY_CHECK_MAX) < 0 ? left : EXPIRY_CHECK_MAX;
        expiryCheck = services.timers().after(delay, this::checkExpiry);
    }

    private void checkExpiry() {
        Instant expiresAt = credential().verified().expiresAt();
        if (!expiresAt.isAfter(services.clock().instant())) {
            closeBecause(services.verifier().expired(expiresAt));
            return;
        }
        synchronized (lock) {
            if (state == State.JOINED) {
                scheduleExpiryCheck();
            }
        }
    }

    private static Payload presenceAnswer(@Nullable JsonNode payload) {
        if (payload == null || !payload.isObject()) {
            return Payload.error();
        }
        if (!payload.has("event")) {
            return Payload.ok();
        }
        return switch (payload.path("event").asText().toLowerCase(Locale.ROOT)) {
            case "track", "untrack" -> Payload.error(ErrorCode.PRESENCE_UNAVAILABLE.refusal());
            default -> Payload.error();
        };
    }

    private void acknowledge(Address address, Payload payload) {
        if (request.ack()) {
            reply(address, payload);
        }
    }

    private void reply(Address address, Payload payload) {
        push(session.encode(address.withJoinRef(joined.joinRef()), "phx_reply", payload));
    }

    private OutboundFrame note(Address address, SystemNote note) {
        return session.encode(address, "system", Payload.system(note, Topics.subTopic(topic())));
    }

    private OutboundFrame changeFrame(int[] ids, EncodedChange change) {
        Address everybody = Address.everybodyOn(topic());
        return request.legacy()
                ? session.encode(everybody, change.type(), Payload.of(change.data()))
                : session.encode(everybody, "postgres_changes", Payload.change(ids, change.data()));
    }

    private void push(OutboundFrame frame) {
        synchronized (lock) {
            if (state == State.JOINED) {
                session.offer(frame);
            }
        }
    }
}
