package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.rls.Viewer;
import dev.walcast.server.protocol.OutboundMessage;
import dev.walcast.server.protocol.Serializer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import org.jspecify.annotations.Nullable;

/// One socket's membership of one topic. Its mutable fields belong to its [Session]'s lock; the rest may be used from
/// any
/// thread.
final class Channel implements ChangeReceiver {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String TOPIC_PREFIX = "realtime:";

    private static final byte[] EMPTY_OBJECT = "{}".getBytes(StandardCharsets.UTF_8);
    private static final byte[] END_OF_CHANGE = "}".getBytes(StandardCharsets.UTF_8);

    private final String topic;
    private final @Nullable String joinRef;
    private final JoinRequest request;
    private final Serializer serializer;
    private final MessageSink sink;

    private String token;
    private ChangeFeed.@Nullable Subscription changes;
    private @Nullable ScheduledFuture<?> expiry;
    /// Guards the two below, and the order in which messages reach the sink.
    private final Object sending = new Object();

    /// What members of the topic sent since this channel is one of them, but before its join was answered; null
    /// afterwards.
    private @Nullable List<OutboundMessage> heldUntilAnswered = new ArrayList<>();

    private boolean closed;

    Channel(
            String topic,
            @Nullable String joinRef,
            JoinRequest request,
            String token,
            Serializer serializer,
            MessageSink sink) {
        this.topic = requireNonNull(topic, "topic is null");
        this.joinRef = joinRef;
        this.request = requireNonNull(request, "request is null");
        this.token = requireNonNull(token, "token is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.sink = requireNonNull(sink, "sink is null");
    }

    String topic() {
        return topic;
    }

    @Nullable
    String joinRef() {
        return joinRef;
    }

    JoinRequest request() {
        return request;
    }

    Serializer serializer() {
        return serializer;
    }

    String token() {
        return token;
    }

    /// Any thread may call.
    void offer(OutboundMessage message) {
        synchronized (sending) {
            if (closed) {
                return;
            }
            if (heldUntilAnswered != null) {
                heldUntilAnswered.add(message);
            } else {
                sink.offer(message);
            }
        }
    }

    /// Sends the answer to the join, and only then what came in meanwhile. The channel is in its room already: once the
    /// client reads the answer, it misses nothing.
    void answer(OutboundMessage... answers) {
        synchronized (sending) {
            for (OutboundMessage answer : answers) {
                sink.offer(answer);
            }
            List<OutboundMessage> held = heldUntilAnswered;
            heldUntilAnswered = null;
            if (held != null) {
                held.forEach(sink::offer);
            }
        }
    }

    /// The join's ok reply: the bindings in the client's order, each as it was sent, with its id.
    OutboundMessage joinReply(@Nullable String ref) {
        ObjectNode payload = JSON.createObjectNode().put("status", "ok");
        ArrayNode list = payload.putObject("response").putArray("postgres_changes");
        for (Binding binding : request.bindings()) {
            list.add(binding.request().deepCopy().put("id", binding.id()));
        }
        return serializer.encode(joinRef, ref, topic, "phx_reply", bytes(payload.toString()));
    }

    void subscribe(ChangeFeed feed, Viewer viewer) {
        if (!request.bindings().isEmpty()) {
            changes = feed.subscribe(request.bindings(), viewer, this);
        }
    }

    /// Goes on with another token.
    void changeToken(String fresh, Viewer viewer) {
        token = fresh;
        if (changes != null) {
            changes.changeViewer(viewer);
        }
    }

    /// Replaces the task that ends this channel with its token.
    void expiresBy(ScheduledFuture<?> task) {
        cancelExpiry();
        expiry = task;
    }

    private void cancelExpiry() {
        if (expiry != null) {
            expiry.cancel(false);
        }
    }

    /// Nothing is offered after this returns, but the `phx_close` that the session may send itself.
    void close() {
        synchronized (sending) {
            closed = true;
        }
        cancelExpiry();
        if (changes != null) {
            changes.close();
        }
    }

    OutboundMessage closeMessage() {
        return serializer.encode(joinRef, joinRef, topic, "phx_close", EMPTY_OBJECT);
    }

    OutboundMessage systemMessage(boolean ok, String extension, String message) {
        ObjectNode payload = JSON.createObjectNode();
        payload.put("status", ok ? "ok" : "error");
        payload.put("message", message);
        payload.put("extension", extension);
        payload.put("channel", topic.substring(TOPIC_PREFIX.length()));
        return serializer.encode(joinRef, null, topic, "system", bytes(payload.toString()));
    }

    @Override
    public void onLive() {
        offer(systemMessage(true, "postgres_changes", "Subscribed to PostgreSQL"));
    }

    @Override
    public void onRefused(String message) {
        offer(systemMessage(false, "postgres_changes", message));
    }

    @Override
    public void onChange(int[] ids, EncodedChange change) {
        if (request.legacy()) {
            offer(serializer.encode(null, null, topic, change.type(), change.data()));
            return;
        }
        StringBuilder head = new StringBuilder("{\"ids\":[");
        for (int i = 0; i < ids.length; i++) {
            head.append(i == 0 ? "" : ",").append(ids[i]);
        }
        head.append("],\"data\":");
        offer(serializer.encode(
                null, null, topic, "postgres_changes", bytes(head.toString()), change.data(), END_OF_CHANGE));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
