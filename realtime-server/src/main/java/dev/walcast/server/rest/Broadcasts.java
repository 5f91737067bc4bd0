package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.JsonBody;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.BatchMessage;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Broadcast.Encoding;
import dev.walcast.server.protocol.BroadcastBatch;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.Rooms;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Handles the two routes that send broadcasts: a batch, or one.
final class Broadcasts {
    /// The response header that counts private messages left out of an accepted batch, by reason: `Unauthorized=2`.
    static final String DROPPED = "x-walcast-dropped";

    private final RestLimits limits;
    private final Rooms rooms;

    Broadcasts(RestLimits limits, Rooms rooms) {
        this.limits = requireNonNull(limits, "limits is null");
        this.rooms = requireNonNull(rooms, "rooms is null");
    }

    /// Sends all messages or none, except private ones that may not be sent. Those are left out and counted, because
    /// clients take any status but 202 for a failure of the whole batch.
    RestResponse batch(Call call) throws RequestRefusedException {
        if (encoding(call.request()) != Encoding.JSON) {
            throw new RequestRefusedException(RestResponse.error(ErrorCode.REST_MEDIA_TYPE));
        }
        return switch (BroadcastBatch.read(
                body(call), limits.payloadBytesMax(), call.caller().batchMax())) {
            case BroadcastBatch.TooMany _ -> RestResponse.message(ErrorCode.BATCH_TOO_LARGE);
            case BroadcastBatch.Malformed _ -> RestResponse.html(ErrorCode.REST_MALFORMED);
            case BroadcastBatch.Invalid invalid ->
                RestResponse.json(422, "{\"errors\":{\"messages\":" + invalid.errors() + "}}");
            case BroadcastBatch.Valid valid -> send(call, valid.messages());
        };
    }

    private RestResponse send(Call call, List<BatchMessage> messages) throws RequestRefusedException {
        if (!call.caller().take(messages.size())) {
            throw new RequestRefusedException(RestResponse.message(
                    call.caller().isExhausted() ? ErrorCode.MESSAGE_RATE_REACHED : ErrorCode.BATCH_TOO_LARGE));
        }
        PrivateTopics topics = privateTopics(call);
        Map<String, Integer> dropped = new TreeMap<>();
        for (BatchMessage message : messages) {
            Optional<ErrorCode> refusal = message.isPrivate() ? topics.refusal(message.topic()) : Optional.empty();
            if (refusal.isPresent()) {
                dropped.merge(refusal.get().code(), 1, Integer::sum);
            } else {
                rooms.broadcast(new Broadcast.Text(message.topic(), message.payload()), message.isPrivate());
            }
        }
        return dropped.isEmpty()
                ? RestResponse.accepted()
                : RestResponse.accepted().with(Map.of(DROPPED, text(dropped)));
    }

    private static String text(Map<String, Integer> dropped) {
        return dropped.entrySet().stream()
                .map(reason -> reason.getKey() + "=" + reason.getValue())
                .collect(Collectors.joining(", "));
    }

    RestResponse single(Call call) throws RequestRefusedException {
        Encoding encoding = encoding(call.request());
        BroadcastTarget target =
                BroadcastTarget.parse(call.request().prologue().uriPath().rawPath());
        Slice payload = payload(body(call), encoding);
        if (payload.length() > limits.payloadBytesMax()) {
            throw new RequestRefusedException(RestResponse.field("payload", ErrorCode.REST_PAYLOAD_TOO_LARGE));
        }
        if (!call.caller().take(1)) {
            throw new RequestRefusedException(RestResponse.message(ErrorCode.MESSAGE_RATE_REACHED));
        }
        boolean isPrivate =
                call.request().query().first("private").filter("true"::equals).isPresent();
        if (isPrivate) {
            requireRight(call, target.topic());
        }
        rooms.broadcast(new Broadcast.User(target.topic(), target.event(), encoding, payload), isPrivate);
        return RestResponse.accepted();
    }

    private void requireRight(Call call, Topic topic) throws RequestRefusedException {
        Optional<ErrorCode> refusal = privateTopics(call).refusal(topic);
        if (refusal.isPresent()) {
            throw new RequestRefusedException(RestResponse.message(refusal.get()));
        }
    }

    private static PrivateTopics privateTopics(Call call) {
        return new PrivateTopics(
                call.caller().questions().begin(), call.viewer(), call.request().headers());
    }

    private static Slice payload(byte[] body, Encoding encoding) throws RequestRefusedException {
        if (encoding == Encoding.BINARY) {
            return Slice.of(body);
        }
        return JsonBody.object(body)
                .orElseThrow(() -> new RequestRefusedException(RestResponse.html(ErrorCode.REST_MALFORMED)));
    }

    private byte[] body(Call call) throws RequestRefusedException {
        if (call.caller().isExhausted()) {
            throw new RequestRefusedException(RestResponse.message(ErrorCode.MESSAGE_RATE_REACHED));
        }
        if (!call.caller().tryBeginBody()) {
            throw new RequestRefusedException(RestResponse.message(ErrorCode.REQUESTS_TOO_MANY));
        }
        try {
            return call.body().read();
        } finally {
            call.caller().endBody();
        }
    }

    /// The encoding of the body. JSON when there is no content type.
    private static Encoding encoding(ServerRequest request) throws RequestRefusedException {
        String type = request.headers().first(HeaderNames.CONTENT_TYPE).orElse("application/json");
        String essence = type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
        return switch (essence) {
            case "application/json" -> Encoding.JSON;
            case "application/octet-stream" -> Encoding.BINARY;
            default -> throw new RequestRefusedException(RestResponse.error(ErrorCode.REST_MEDIA_TYPE));
        };
    }
}
