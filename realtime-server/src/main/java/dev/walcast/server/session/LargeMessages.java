package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.frames.EarlyLook;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import java.util.function.Predicate;

/// Decides how large a message may be, by its topic and event: only what is pushed to a joined channel may be larger
/// than a join. So the rest of a message that can only be refused is never kept.
final class LargeMessages implements EarlyLook {
    private final SocketLimits limits;
    private final Serializer serializer;
    private final Predicate<Topic> isJoined;

    /// @param isJoined whether the socket has a channel of this topic
    LargeMessages(SocketLimits limits, Serializer serializer, Predicate<Topic> isJoined) {
        this.limits = requireNonNull(limits, "limits is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.isJoined = requireNonNull(isJoined, "isJoined is null");
    }

    @Override
    public int bytes() {
        return (int) Math.min(Integer.MAX_VALUE, (long) limits.joinBytesMax() + Serializer.HEAD_BYTES_MAX);
    }

    @Override
    public int bytesMax(byte[] beginning) {
        return switch (serializer.begin(beginning)) {
            case Serializer.Beginning.Unknown _ -> limits.messageBytesMax();
            case Serializer.Beginning.Malformed _ -> 0;
            case Serializer.Beginning.Known known -> bytesMax(known);
        };
    }

    private int bytesMax(Serializer.Beginning.Known known) {
        if (!isJoined.test(known.topic())) {
            return 0;
        }
        return switch (known.event()) {
            case "broadcast", "presence" ->
                (int) Math.min(limits.messageBytesMax(), (long) limits.payloadBytesMax() + bytes());
            default -> 0;
        };
    }
}
