package dev.walcast.server.channel;

import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundMessage;

/// The way to one client. Any thread may call; nothing here blocks.
public interface MessageSink {
    /// Queues a message. When it cannot be queued the socket is being closed, and whoever offered need not care.
    void offer(OutboundMessage message);

    /// Ends the socket after what is queued was sent.
    void close(CloseReason reason);
}
