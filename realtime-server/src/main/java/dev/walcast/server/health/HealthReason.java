package dev.walcast.server.health;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/// The catalogue of everything that makes a server less than ready. `/readyz` answers with the codes only, because
/// anyone may ask it; the part that reports a reason writes the details to the log, once per change of state.
public enum HealthReason {
    FEED_STARTING(
            Readiness.NOT_READY,
            "The change feed is not open yet. While the database cannot be had, only the two health routes answer."),
    FEED_INTERRUPTED(
            Readiness.NOT_READY,
            "The connection to Postgres is lost. The server tries again; the slot keeps what is committed meanwhile."),
    FEED_STALLED(
            Readiness.NOT_READY,
            "Nothing moves, and nothing shows that all changes are delivered: the reader, the database or the delivery"
                    + " hangs. The server starts the reader again after STALL_TIMEOUT."),
    FEED_FAILED(Readiness.NOT_READY, "The change feed has given up. The log says what an operator has to do."),
    FEED_STOPPED(Readiness.NOT_READY, "The change feed is stopped."),
    SUPERVISOR_RESTARTING(
            Readiness.NOT_READY, "A thread that the whole server depends on has ended and is being started again."),
    ESSENTIAL_THREAD_DEAD(
            Readiness.NOT_READY,
            "A thread that the whole server depends on has not moved for two minutes without waiting for anything, or"
                    + " could not be started for as long. `/livez` answers 503; after five minutes the process ends."),
    HEALTH_UNKNOWN(Readiness.NOT_READY, "A part of the server failed to report its health. The log has the error."),
    RIGHTS_STALE(
            Readiness.DEGRADED,
            "The rights of some tables could not be confirmed in time. Their changes wait or are dropped."),
    CHANGES_DROPPED(
            Readiness.DEGRADED, "Changes of some tables were dropped. The subscriptions concerned were told `reset`."),
    TABLE_SET_ASIDE(Readiness.DEGRADED, "Some tables are left out, so that they do not hold up the others."),
    PRIVATE_RIGHTS_STALE(
            Readiness.DEGRADED,
            "The rights of some private channels could not be confirmed in time. Those channels deliver nothing.");

    private final Readiness readiness;
    private final String meaning;

    HealthReason(Readiness readiness, String meaning) {
        this.readiness = requireNonNull(readiness, "readiness is null");
        this.meaning = requireNonNull(meaning, "meaning is null");
    }

    /// As `/readyz` spells it.
    public String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// What it makes of the whole server; never [Readiness#READY].
    public Readiness readiness() {
        return readiness;
    }

    /// One or two sentences for operators.
    public String meaning() {
        return meaning;
    }
}
