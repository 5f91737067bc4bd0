package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TokenCheck;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Json;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.OutboundMessage;
import dev.walcast.server.protocol.Serializer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// One socket: its serializer, the token it was opened with, and its channels. What a client sends is handled here, in
/// order, on the socket's reader thread; expiring tokens and a draining server come in from other threads, so every
/// state
/// change holds the session's lock. Nothing under the lock blocks.
public final class Session {
    private static final String REALTIME = Channel.TOPIC_PREFIX;
    private static final byte[] OK = bytes("{\"status\":\"ok\",\"response\":{}}");
    private static final byte[] ERROR = bytes("{\"status\":\"error\",\"response\":{}}");

    private final SessionServices services;
    private final Serializer serializer;
    private final MessageSink sink;
    private final String connectionToken;
    private final Map<String, Channel> channels = new HashMap<>();

    /// @param connectionToken verified already, when the socket was opened
    public Session(SessionServices services, Serializer serializer, MessageSink sink, String connectionToken) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.sink = requireNonNull(sink, "sink is null");
        this.connectionToken = requireNonNull(connectionToken, "connectionToken is null");
    }

    public void onText(String text) {
        serializer.decode(text).ifPresent(this::onMessage);
    }

    public void onBinary(byte[] bytes) {
        serializer.decode(bytes).ifPresent(this::onMessage);
    }

    private synchronized void onMessage(Message message) {
        switch (message) {
            case Message.Push push -> onPush(push);
            case Message.UserBroadcast broadcast -> {
                Channel channel = channels.get(broadcast.topic());
                if (channel == null) {
                    unmatched(broadcast);
                } else {
                    broadcast(channel, broadcast);
                }
            }
        }
    }

    private void onPush(Message.Push push) {
        if (push.topic().equals("phoenix")) {
            heartbeat(push);
        } else if (push.event().equals("phx_join")) {
            join(push);
        } else if (push.event().equals("phx_leave")) {
            leave(push);
        } else {
            onChannelPush(push);
        }
    }

    private void onChannelPush(Message.Push push) {
        Channel channel = channels.get(push.topic());
        if (channel == null) {
            unmatched(push);
            return;
        }
        switch (push.event()) {
            case "broadcast" -> broadcast(channel, push);
            case "presence" -> presence(channel, push);
            case "access_token" -> accessToken(channel, push);
            default -> {
                // Unknown events are ignored without a reply.
            }
        }
    }

    private void heartbeat(Message.Push push) {
        if (push.event().equals("heartbeat")) {
            sink.offer(serializer.encode(null, push.ref(), "phoenix", "phx_reply", OK));
        } else {
            unmatched(push);
        }
    }

    private void unmatched(Message message) {
        sink.offer(serializer.encode(
                null, message.ref(), message.topic(), "phx_reply", errorReason(ErrorCode.UNMATCHED_TOPIC.text())));
    }

    // Joining and leaving

    private void join(Message.Push push) {
        if (!push.topic().startsWith(REALTIME)) {
            unmatched(push);
            return;
        }
        String subTopic = push.topic().substring(REALTIME.length());
        Channel former = channels.get(push.topic());
        switch (admit(push, subTopic, former)) {
            case Admission.Refused refused -> refuseJoin(push, refused.reason());
            case Admission.Admitted admitted -> admit(push, former, admitted);
        }
    }

    /// Whether a join may go on.
    private sealed interface Admission {
        record Admitted(JoinRequest request, String token, TokenCheck.Valid check) implements Admission {}

        record Refused(String reason) implements Admission {}
    }

    private Admission admit(Message.Push push, String subTopic, @Nullable Channel former) {
        if (subTopic.isEmpty()) {
            return new Admission.Refused(ErrorCode.TOPIC_NAME_REQUIRED.reason());
        }
        if (bytes(push.topic()).length > serializer.topicBytesMax()) {
            return new Admission.Refused(ErrorCode.TOPIC_TOO_LONG.reason(serializer.topicBytesMax()));
        }
        try {
            JoinRequest request = JoinRequest.read(Channel.JSON.readTree(push.payload()), subTopic);
            if (former == null && channels.size() >= services.limits().channelsMax()) {
                return new Admission.Refused(ErrorCode.CHANNEL_RATE_LIMIT_REACHED.reason());
            }
            return authenticate(request, subTopic);
        } catch (JoinRequest.InvalidException e) {
            return new Admission.Refused(e.reason());
        } catch (JsonProcessingException e) {
            return new Admission.Refused(ErrorCode.INVALID_JOIN_PAYLOAD.reason("not valid JSON"));
        }
    }

    private Admission authenticate(JoinRequest request, String subTopic) {
        String token = request.token() == null || request.token().startsWith("sb_") ? connectionToken : request.token();
        return switch (services.tokens().verify(token)) {
            case TokenCheck.Refused refused -> new Admission.Refused(refused.reason());
            case TokenCheck.Valid valid ->
                request.isPrivate()
                        ? new Admission.Refused(ErrorCode.UNAUTHORIZED.reason(
                                "Private channels are not available in this version of Walcast: " + subTopic))
                        : new Admission.Admitted(request, token, valid);
        };
    }

    private void admit(Message.Push push, @Nullable Channel former, Admission.Admitted admitted) {
        if (former != null) {
            drop(former);
        }
        Channel channel =
                new Channel(push.topic(), push.joinRef(), admitted.request(), admitted.token(), serializer, sink);
        channels.put(channel.topic(), channel);
        services.hub().join(channel);
        OutboundMessage reply = channel.joinReply(push.ref());
        // A client that sends no join_ref would take the former channel's close for its new one's.
        if (former != null && former.joinRef() != null) {
            channel.answer(reply, former.closeMessage());
        } else {
            channel.answer(reply);
        }
        expireWithToken(channel, admitted.check());
        channel.subscribe(services.changes(), admitted.check().viewer());
    }

    /// The delay protects against retry storms and holds up nothing but this answer.
    private void refuseJoin(Message.Push push, String reason) {
        OutboundMessage reply =
                serializer.encode(push.joinRef(), push.ref(), push.topic(), "phx_reply", errorReason(reason));
        services.timers().after(services.limits().joinErrorDelay(), () -> sink.offer(reply));
    }

    private void leave(Message.Push push) {
        Channel channel = channels.get(push.topic());
        boolean foreign = channel != null
                && push.joinRef() != null
                && channel.joinRef() != null
                && !push.joinRef().equals(channel.joinRef());
        if (foreign) {
            return;
        }
        String joinRef = channel == null ? push.joinRef() : channel.joinRef();
        sink.offer(serializer.encode(joinRef, push.ref(), push.topic(), "phx_reply", OK));
        if (channel != null) {
            drop(channel);
            sink.offer(channel.closeMessage());
        }
    }

    private void drop(Channel channel) {
        channels.remove(channel.topic(), channel);
        services.hub().leave(channel);
        channel.close();
    }

    // Tokens

    private void expireWithToken(Channel channel, TokenCheck.Valid check) {
        channel.expiresBy(services.timers().at(check.expires(), () -> expire(channel)));
    }

    private synchronized void expire(Channel channel) {
        if (channels.get(channel.topic()) == channel) {
            closeWithError(channel, TokenVerifier.expiredText(0));
        }
    }

    private void closeWithError(Channel channel, String message) {
        sink.offer(channel.systemMessage(false, "system", message));
        drop(channel);
        sink.offer(channel.closeMessage());
    }

    /// Not answered when it succeeds.
    private void accessToken(Channel channel, Message.Push push) {
        Optional<JsonNode> token = payload(push).map(payload -> payload.get("access_token"));
        if (token.isEmpty() || !token.get().isTextual()) {
            return;
        }
        String fresh = token.get().textValue();
        if (fresh.startsWith("sb_") || fresh.equals(channel.token())) {
            return;
        }
        switch (services.tokens().verify(fresh)) {
            case TokenCheck.Refused refused -> closeWithError(channel, refused.message());
            case TokenCheck.Valid valid -> {
                channel.changeToken(fresh, valid.viewer());
                expireWithToken(channel, valid);
            }
        }
    }

    // Broadcast and presence

    private void broadcast(Channel channel, Message.Push push) {
        byte[] payload = bytes(push.payload());
        if (payload[0] == '{') {
            broadcast(
                    channel,
                    push.ref(),
                    problem(payload),
                    target -> Optional.of(target.encode(null, null, channel.topic(), "broadcast", payload)));
        }
    }

    /// A payload that claims to be JSON and is not would break whoever receives it.
    private void broadcast(Channel channel, Message.UserBroadcast broadcast) {
        byte[] payload = broadcast.payload();
        ErrorCode problem = problem(payload);
        if (problem == null && broadcast.json() && !Json.isValid(payload)) {
            problem = ErrorCode.INVALID_BROADCAST_PAYLOAD;
        }
        broadcast(
                channel,
                broadcast.ref(),
                problem,
                target -> target.encodeUserBroadcast(channel.topic(), broadcast.event(), broadcast.json(), payload));
    }

    private @Nullable ErrorCode problem(byte[] payload) {
        return payload.length > services.limits().payloadBytesMax() ? ErrorCode.PAYLOAD_SIZE_EXCEEDED : null;
    }

    /// The sender's own copy comes before its acknowledgement.
    private void broadcast(
            Channel channel,
            @Nullable String ref,
            @Nullable ErrorCode problem,
            Function<Serializer, Optional<OutboundMessage>> encoder) {
        if (problem == null) {
            services.hub().broadcast(channel.topic(), encoder, channel.request().self() ? null : channel);
        }
        if (channel.request().ack()) {
            byte[] answer = problem == null ? OK : errorReason(problem.text());
            channel.offer(serializer.encode(channel.joinRef(), ref, channel.topic(), "phx_reply", answer));
        }
    }

    private void presence(Channel channel, Message.Push push) {
        String event = payload(push)
                .map(payload -> payload.path("event").asText(""))
                .orElse("")
                .toLowerCase(Locale.ROOT);
        byte[] answer = switch (event) {
            case "" -> OK;
            case "track", "untrack" -> errorReason(ErrorCode.UNABLE_TO_HANDLE_PRESENCE.text());
            default -> ERROR;
        };
        channel.offer(serializer.encode(channel.joinRef(), push.ref(), channel.topic(), "phx_reply", answer));
    }

    private static Optional<JsonNode> payload(Message.Push push) {
        try {
            JsonNode payload = Channel.JSON.readTree(push.payload());
            return payload.isObject() ? Optional.of(payload) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    // The end

    /// Tells every channel that the server goes away, and ends the socket so that the client comes back.
    public synchronized void drain() {
        for (Channel channel : List.copyOf(channels.values())) {
            sink.offer(channel.systemMessage(true, "system", "Server requested disconnect"));
            drop(channel);
        }
        sink.close(CloseReason.DRAIN);
    }

    /// The socket is gone. Safe to call again.
    public synchronized void onClosed() {
        List.copyOf(channels.values()).forEach(this::drop);
    }

    private static byte[] errorReason(String reason) {
        StringBuilder out = new StringBuilder("{\"status\":\"error\",\"response\":{\"reason\":");
        Json.append(out, reason);
        return bytes(out.append("}}").toString());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
