package dev.walcast.bench.load;

import dev.walcast.bench.load.LoadClient.Message;
import org.jspecify.annotations.Nullable;

/// Sends as fast as the receivers read: never more than a window of messages that some receiver lacks.
final class WindowPump implements LoadClient.Pump {
    private final LoadGroup senders;
    private final LoadGroup receivers;
    private final Message message;
    private final int count;
    private final int window;
    private int sent;

    WindowPump(LoadGroup senders, LoadGroup receivers, Message message, int count, int window) {
        this.senders = senders;
        this.receivers = receivers;
        this.message = message;
        this.count = count;
        this.window = window;
    }

    @Override
    public @Nullable Long run() {
        while (sent < count && receivers.frames() >= (long) (sent - window + 1) * receivers.size()) {
            senders.next().send(message.now());
            sent++;
        }
        return sent < count ? Long.valueOf(100) : null;
    }
}
