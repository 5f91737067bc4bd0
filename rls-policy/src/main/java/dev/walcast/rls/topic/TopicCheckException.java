package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

/// Thrown when the server cannot find out what a viewer may do on a topic. The message is for the log.
public final class TopicCheckException extends Exception {
    private static final long serialVersionUID = 1L;

    /// Why the server cannot find out.
    public enum Reason {
        /// The schema `realtime` is missing or incomplete: run `walcast setup`.
        NOT_INSTALLED,
        /// No connection was free in time.
        POOL_EXHAUSTED,
        /// The caller has too many questions of its own, while there was room for those of others.
        CALLER_BUSY,
        /// The statement took too long.
        CANCELED,
        /// `realtime.messages` has no partition for today.
        PARTITION_MISSING,
        /// Postgres cannot be reached, or refused the statement for another reason.
        UNREACHABLE
    }

    private final Reason reason;

    /// Makes the exception.
    public TopicCheckException(Reason reason, String message) {
        super(message);
        this.reason = requireNonNull(reason, "reason is null");
    }

    /// Makes the exception with its cause.
    public TopicCheckException(Reason reason, String message, Throwable cause) {
        super(message, cause);
        this.reason = requireNonNull(reason, "reason is null");
    }

    /// Returns the reason.
    public Reason reason() {
        return reason;
    }
}
