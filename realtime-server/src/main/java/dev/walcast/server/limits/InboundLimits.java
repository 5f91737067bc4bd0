package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.ClientLimits.Rate;
import java.time.Duration;

/// How fast the server reads one socket, whatever the frames contain. Derived from the settings for messages,
/// presence and joins, so that a client within those limits is never slowed down.
///
/// @param frames   frames of every kind, control frames and fragments included
/// @param bytes    bytes of all frames
/// @param patience how long a socket may be slowed down without a pause before it is closed
public record InboundLimits(Rate frames, Rate bytes, Duration patience) {
    /// Allows for heartbeats, pings, pongs and fragments.
    private static final int FRAMES_PER_REQUEST = 2;

    /// The average size of the messages that a client may send continuously.
    private static final int BYTES_PER_MESSAGE = 80_000;

    private static final int BYTES_PER_SECOND_MIN = 1 << 20;
    private static final int BURST_SECONDS = 2;

    /// Of the bursts that the settings allow. What is beyond it is read at the rate, and none of it is refused.
    private static final int PART_OF_BURSTS = 5;

    public InboundLimits {
        requireNonNull(frames, "frames is null");
        requireNonNull(bytes, "bytes is null");
        requireNonNull(patience, "patience is null");
    }

    /// Derives the limits from the settings.
    public static InboundLimits of(SocketLimits limits) {
        ClientLimits clients = limits.clients();
        Rate messages = clients.messages();
        Rate presence = clients.presence();
        Rate joins = clients.clientJoins();
        // each join is followed by a leave
        Rate frames = new Rate(
                product(
                        FRAMES_PER_REQUEST,
                        (long) messages.perSecond() + presence.perSecond() + 2L * joins.perSecond()),
                product(FRAMES_PER_REQUEST, (long) messages.burst() + presence.burst() + 2L * joins.burst())
                        / PART_OF_BURSTS);
        int bytes = Math.max(BYTES_PER_SECOND_MIN, product(BYTES_PER_MESSAGE, messages.perSecond()));
        int burst = Math.max(product(BURST_SECONDS, bytes), product(2, limits.messageBytesMax()));
        return new InboundLimits(frames, new Rate(bytes, burst), limits.idleTimeout());
    }

    private static int product(int factor, long count) {
        return (int) Math.min(Integer.MAX_VALUE, factor * count);
    }
}
