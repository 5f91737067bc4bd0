package dev.walcast.server.health;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/// Every reason that makes a server less than ready. `/readyz` returns only the codes, because any client may request
/// it. The part that reports a reason writes the details to the log, once per change of state.
public enum HealthReason {
    FEED_STARTING(
            Readiness.NOT_READY,
            "The change feed has not started yet. While the database is unreachable, only the two health routes answer."),
    FEED_INTERRUPTED(
            Readiness.NOT_READY,
            "The connection to Postgres is lost. The server reconnects; the slot keeps changes committed meanwhile."),
    FEED_STALLED(
            Readiness.NOT_READY,
            "Nothing makes progress although changes may be undelivered: the reader, the database or the delivery"
                    + " hangs. The server restarts the reader after STALL_TIMEOUT."),
    FEED_FAILED(Readiness.NOT_READY, "The change feed has failed for good. The log says what the operator has to do."),
    FEED_STOPPED(Readiness.NOT_READY, "The change feed is stopped."),
    SUPERVISOR_RESTARTING(
            Readiness.NOT_READY, "A thread that the whole server depends on has ended and is being restarted."),
    ESSENTIAL_THREAD_DEAD(
            Readiness.NOT_READY,
            "A thread that the whole server depends on has made no progress for two minutes without waiting for anything, or"
                    + " could not be started for that time. `/livez` answers 503; after five minutes the process ends."),
    HEALTH_UNKNOWN(Readiness.NOT_READY, "A part of the server failed to report its health. The log has the error."),
    RIGHTS_STALE(
            Readiness.DEGRADED,
            "The rights of some tables could not be confirmed in time. Their changes wait or are dropped."),
    CHANGES_DROPPED(Readiness.DEGRADED, "Changes of some tables were dropped. Their subscriptions received `reset`."),
    TABLE_SET_ASIDE(
            Readiness.DEGRADED,
            "Changes of some tables cannot be read. Those tables are skipped, so that the others continue."),
    PRIVATE_RIGHTS_STALE(
            Readiness.DEGRADED,
            "The rights of some private channels could not be confirmed in time. Those channels deliver nothing.");

    private final Readiness readiness;
    private final String meaning;

    HealthReason(Readiness readiness, String meaning) {
        this.readiness = requireNonNull(readiness, "readiness is null");
        this.meaning = requireNonNull(meaning, "meaning is null");
    }

    /// The code in `/readyz`.
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// The readiness of a server with this reason; never [Readiness#READY].
    public Readiness readiness() {
        return readiness;
    }

    /// One or two sentences for operators.
    public String meaning() {
        return meaning;
    }
}
