package dev.walcast.bench.load;

import dev.walcast.bench.load.LoadClient.Message;
import org.jspecify.annotations.Nullable;

/// Sends at a steady rate, regardless of the receivers.
final class PacedPump implements LoadClient.Pump {
    private final LoadGroup senders;
    private final Message message;
    private final int count;
    private final double nanosEach;
    private final long began = System.nanoTime();
    private int sent;

    PacedPump(LoadGroup senders, Message message, int count, double perSecond) {
        this.senders = senders;
        this.message = message;
        this.count = count;
        this.nanosEach = 1e9 / perSecond;
    }

    @Override
    public @Nullable Long run() {
        while (sent < count && System.nanoTime() - began >= sent * nanosEach) {
            senders.next().send(message.now());
            sent++;
        }
        long wait = (long) (began + sent * nanosEach - System.nanoTime()) / 1_000_000;
        return sent < count ? Long.valueOf(Math.max(1, wait)) : null;
    }
}
