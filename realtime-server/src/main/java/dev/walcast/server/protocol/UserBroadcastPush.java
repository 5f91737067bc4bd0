package dev.walcast.server.protocol;

import dev.walcast.server.json.Slice;
import dev.walcast.server.json.Utf8;
import org.jspecify.annotations.Nullable;

/// The one binary message a client may send, kind 3: seven sizes, then join ref, ref, topic, event, metadata,
/// payload. The sender's metadata is not forwarded.
final class UserBroadcastPush {
    private static final byte KIND = 3;
    private static final int HEADER_BYTES = 7;

    private final byte[] bytes;
    private int position = HEADER_BYTES;

    private UserBroadcastPush(byte[] bytes) {
        this.bytes = bytes;
    }

    static Message decode(byte[] bytes) {
        if (bytes.length == 0 || bytes[0] != KIND) {
            return new Message.Malformed("unknown kind of binary message");
        }
        if (bytes.length < HEADER_BYTES || bytes.length < HEADER_BYTES + announcedBytes(bytes)) {
            return new Message.Malformed("binary message is shorter than its header says");
        }
        return new UserBroadcastPush(bytes).message();
    }

    private static int announcedBytes(byte[] bytes) {
        int sum = 0;
        for (int i = 1; i <= 5; i++) {
            sum += Byte.toUnsignedInt(bytes[i]);
        }
        return sum;
    }

    private Message message() {
        Slice joinRef = field(1);
        Slice ref = field(2);
        Slice topic = field(3);
        Slice event = field(4);
        field(5);
        for (Slice text : new Slice[] {joinRef, ref, topic, event}) {
            if (!Utf8.isValid(text.bytes(), text.offset(), text.length())) {
                return new Message.Malformed("binary message with a header that is not UTF-8");
            }
        }
        Slice payload = new Slice(bytes, position, bytes.length - position);
        Topic named = new Topic(topic.text());
        return new Message.BroadcastPush(
                new Address(refOrNull(joinRef), refOrNull(ref), named),
                new Broadcast.User(named, event.text(), Broadcast.Encoding.of(bytes[6]), payload));
    }

    /// A ref that is not there and one of no length look the same in this header.
    private static @Nullable Ref refOrNull(Slice ref) {
        return ref.length() == 0 ? null : Ref.ofString(ref.text());
    }

    private Slice field(int sizeAt) {
        Slice field = new Slice(bytes, position, Byte.toUnsignedInt(bytes[sizeAt]));
        position += field.length();
        return field;
    }
}
