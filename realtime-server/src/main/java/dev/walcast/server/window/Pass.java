package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.encode.Encodings;
import java.util.function.Consumer;

/// A transaction on its way through: to be walked once by the source's thread, and declared delivered by whoever
/// delivered the last of it.
public record Pass(Walk walk, Runnable whenDelivered) {
    public Pass {
        requireNonNull(walk, "walk is null");
        requireNonNull(whenDelivered, "whenDelivered is null");
    }

    @FunctionalInterface
    public interface Walk {
        void forEach(Consumer<Encodings> action);
    }
}
