package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// The state of a [ChangeSource].
public sealed interface SourceState {
    record Idle() implements SourceState {}

    record Starting() implements SourceState {}

    /// The source reads the slot. Everything that is committed from now on will be delivered.
    record Streaming() implements SourceState {}

    /// The connection is lost, and the source tries to connect again. The slot keeps what is committed
    /// meanwhile.
    record Reconnecting(String reason) implements SourceState {
        public Reconnecting {
            requireNonNull(reason, "reason is null");
        }
    }

    record Stopped() implements SourceState {}

    /// The source has given up until an operator acts. The reason is a sentence with the remedy.
    record Failed(String reason) implements SourceState {
        public Failed {
            requireNonNull(reason, "reason is null");
        }
    }
}
