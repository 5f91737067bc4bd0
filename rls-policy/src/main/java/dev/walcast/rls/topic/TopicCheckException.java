package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

/// Thrown when it is not known what a viewer may do on a topic. The message is for the log.
public final class TopicCheckException extends Exception {
    private static final long serialVersionUID = 1L;

    public enum Reason {
        /// The schema `realtime` is not there, or not as it should be: `walcast setup`.
        NOT_INSTALLED,
        /// No connection was free in time.
        POOL_EXHAUSTED,
        /// The caller's own questions took as long as they may wait, while there was room for others.
        CALLER_BUSY,
        /// The statement took too long.
        CANCELED,
        /// `realtime.messages` has no partition for today.
        PARTITION_MISSING,
        UNREACHABLE
    }

    private final Reason reason;

    public TopicCheckException(Reason reason, String message) {
        super(message);
        this.reason = requireNonNull(reason, "reason is null");
    }

    public TopicCheckException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = requireNonNull(reason, "reason is null");
    }

    public Reason reason() {
        return reason;
    }
}
