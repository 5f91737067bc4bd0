package dev.walcast.server.protocol;

import dev.walcast.server.json.Json;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The server-sent events of a stream; each carries one JSON object. What has no `event:` arrives as `message`.
public final class StreamEvent {
    private static final byte[] DATA = Json.bytes("data: ");
    private static final byte[] END = Json.bytes("\n\n");

    private StreamEvent() {}

    /// @param position what the client may resume from; empty when the feed has no positions
    /// @param data     shared, not copied
    public static OutboundFrame change(Optional<String> position, byte[] data) {
        return event(null, position, Payload.of(data));
    }

    /// @param position what the client may resume from once it has read this
    /// @param channel  the topic without its `realtime:`; empty for changes
    public static OutboundFrame system(SystemNote note, String channel, Optional<String> position) {
        return event("system", position, Payload.system(note, channel));
    }

    /// Rows that a stream begins with. Not a place to resume from: they count when all of them have come.
    ///
    /// @param members of the object; shared, not copied
    public static OutboundFrame snapshot(byte[] members) {
        return event("snapshot", Optional.empty(), new Payload(Json.bytes("{"), members, Json.bytes("}")));
    }

    /// The last words of a stream that ends before its client wants it to.
    public static OutboundFrame error(Refusal refusal) {
        return event("error", Optional.empty(), Payload.of(Json.bytes(refusal.json())));
    }

    /// Nothing when it is not JSON.
    public static Optional<OutboundFrame> broadcast(Broadcast broadcast) {
        return Payload.ofBroadcast(broadcast).map(payload -> event(null, Optional.empty(), payload));
    }

    /// Clients ignore it; it shows whether they are still there.
    public static OutboundFrame comment() {
        return plain(":\n\n");
    }

    /// How long clients are to wait before they come back.
    public static OutboundFrame retry(Duration after) {
        return plain("retry: " + after.toMillis() + "\n\n");
    }

    private static OutboundFrame plain(String text) {
        return Frames.text(Json.bytes(text), Payload.of(new byte[0]), new byte[0]);
    }

    private static OutboundFrame event(@Nullable String name, Optional<String> id, Payload payload) {
        String open = (name == null ? "" : "event: " + name + "\n")
                + id.filter(StreamEvent::isOneLine)
                        .map(text -> "id: " + text + "\n")
                        .orElse("")
                + "data: ";
        return Frames.text(
                Json.bytes(open),
                new Payload(inLines(payload.before()), inLines(payload.shared()), inLines(payload.after())),
                END);
    }

    private static boolean isOneLine(String text) {
        return text.chars().noneMatch(c -> c < ' ');
    }

    /// A line break in JSON is white space; here it begins another line of the same data.
    private static byte[] inLines(byte[] json) {
        int next = lineBreak(json, 0);
        if (next == json.length) {
            return json;
        }
        ByteArrayOutputStream lines = new ByteArrayOutputStream(json.length + 64);
        int start = 0;
        while (next < json.length) {
            lines.write(json, start, next - start);
            lines.write('\n');
            lines.writeBytes(DATA);
            start = next + 1;
            next = lineBreak(json, start);
        }
        lines.write(json, start, next - start);
        return lines.toByteArray();
    }

    private static int lineBreak(byte[] json, int from) {
        int i = from;
        while (i < json.length && json[i] != '\n' && json[i] != '\r') {
            i++;
        }
        return i;
    }
}
