package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

/// The outcome of reading a part of a binding: its value, or the text that refuses it.
sealed interface Reading<T> {
    record Value<T>(T value) implements Reading<T> {
        public Value {
            requireNonNull(value, "value is null");
        }
    }

    record Refused<T>(String message) implements Reading<T> {
        public Refused {
            requireNonNull(message, "message is null");
        }
    }

    /// Reads a part, and throws when it is malformed.
    @FunctionalInterface
    interface Reader<T> {
        T read() throws BindingRefusedException;
    }

    static <T> Reading<T> of(Reader<T> reader) {
        try {
            return new Value<>(reader.read());
        } catch (BindingRefusedException e) {
            return new Refused<>(String.valueOf(e.getMessage()));
        }
    }

    /// @throws BindingRefusedException when the part is malformed; a new exception for each call
    default T get() throws BindingRefusedException {
        return switch (this) {
            case Value<T>(T value) -> value;
            case Refused<T>(String message) -> throw new BindingRefusedException(message);
        };
    }
}
