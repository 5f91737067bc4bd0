package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// What a [ChangeSource] is doing.
public sealed interface SourceState {
    record Idle() implements SourceState {}

    record Starting() implements SourceState {}

    /// The slot is ours: whatever is committed from now on will be delivered.
    record Streaming() implements SourceState {}

    /// The connection is lost and tried again; the slot keeps what is committed meanwhile.
    record Reconnecting(String reason) implements SourceState {
        public Reconnecting {
            requireNonNull(reason, "reason is null");
        }
    }

    record Stopped() implements SourceState {}

    /// Given up: somebody has to act. The reason is a sentence that says how.
    record Failed(String reason) implements SourceState {
        public Failed {
            requireNonNull(reason, "reason is null");
        }
    }
}
