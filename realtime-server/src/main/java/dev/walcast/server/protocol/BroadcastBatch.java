package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonToken;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.JsonBody;
import dev.walcast.server.json.Slice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The body of a batch request: `{"messages":[…]}`. Nothing of it counts unless all of it is right.
public sealed interface BroadcastBatch {
    record Valid(List<BatchMessage> messages) implements BroadcastBatch {
        public Valid {
            messages = List.copyOf(messages);
        }
    }

    /// @param errors the value of the answer's `messages`: what is wrong with the list, or with each message
    record Invalid(String errors) implements BroadcastBatch {
        public Invalid {
            requireNonNull(errors, "errors is null");
        }
    }

    /// More messages than the caller may send at once. Whether they are right is not looked at.
    record TooMany() implements BroadcastBatch {}

    /// No JSON at all.
    record Malformed() implements BroadcastBatch {}

    /// @param payloadBytesMax of one message, as its receivers get it
    /// @param messagesMax     of the batch
    static BroadcastBatch read(byte[] body, int payloadBytesMax, int messagesMax) {
        Optional<Slice> json = JsonBody.value(body);
        if (json.isEmpty()) {
            return new Malformed();
        }
        try {
            return read(messages(json.get()), payloadBytesMax, messagesMax);
        } catch (IOException _) {
            return new Malformed();
        }
    }

    private static BroadcastBatch read(@Nullable Slice messages, int payloadBytesMax, int messagesMax)
            throws IOException {
        if (messages == null || messages.isNull()) {
            return new Invalid(list(ErrorCode.FIELD_BLANK));
        }
        if (!messages.isArray()) {
            return new Invalid(list(ErrorCode.FIELD_INVALID));
        }
        List<BatchMessage> valid = new ArrayList<>();
        List<String> errors = new ArrayList<>();
        try (FrameScanner scanner = new FrameScanner(messages)) {
            scanner.start(JsonToken.START_ARRAY);
            for (Slice element = scanner.nextElement(); element != null; element = scanner.nextElement()) {
                if (errors.size() == messagesMax) {
                    return new TooMany();
                }
                if (!element.isObject()) {
                    return new Invalid(list(ErrorCode.FIELD_INVALID));
                }
                BatchMessage.Fields fields = BatchMessage.Fields.read(element);
                errors.add(fields.errors(payloadBytesMax));
                fields.message().ifPresent(valid::add);
            }
        }
        if (errors.isEmpty()) {
            return new Invalid(list(ErrorCode.FIELD_BLANK));
        }
        return errors.stream().allMatch("{}"::equals)
                ? new Valid(valid)
                : new Invalid("[" + String.join(",", errors) + "]");
    }

    /// Null when there is no such key, or no object that could have it.
    private static @Nullable Slice messages(Slice json) throws IOException {
        if (!json.isObject()) {
            return null;
        }
        Slice messages = null;
        try (FrameScanner scanner = new FrameScanner(json)) {
            scanner.start(JsonToken.START_OBJECT);
            for (String key = scanner.nextKey(); key != null; key = scanner.nextKey()) {
                Slice value = scanner.nextValue();
                if (key.equals("messages")) {
                    messages = value;
                }
            }
        }
        return messages;
    }

    private static String list(ErrorCode code) {
        return "[" + Json.quoted(code.refusal().text()) + "]";
    }
}
