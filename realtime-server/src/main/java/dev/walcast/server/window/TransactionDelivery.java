package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.encode.Encodings;
import java.util.function.Consumer;

/// A transaction on its way to subscriptions. The source's thread walks it once. The thread that delivers its last
/// change runs `whenDelivered`.
public record TransactionDelivery(Walk walk, Runnable whenDelivered) {
    public TransactionDelivery {
        requireNonNull(walk, "walk is null");
        requireNonNull(whenDelivered, "whenDelivered is null");
    }

    @FunctionalInterface
    public interface Walk {
        void forEach(Consumer<Encodings> action);
    }
}
