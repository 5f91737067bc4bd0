package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

/// What a request carried.
sealed interface Body {
    record Whole(byte[] bytes) implements Body {
        public Whole {
            requireNonNull(bytes, "bytes is null");
        }
    }

    /// @param ended whether its sender has finished all the same, and waits for the answer
    record TooLarge(boolean ended) implements Body {}
}
