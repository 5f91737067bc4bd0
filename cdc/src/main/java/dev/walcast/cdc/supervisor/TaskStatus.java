package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The status of a supervised task.
///
/// @param restarts    how often it was restarted
/// @param lastFailure the class of the error that ended it last, `returned` when it returned, `vanished` when
///                    its thread ended without a report; null when it has not ended. Never a message, which may
///                    hold a secret.
/// @param sinceStart  the time since its last start; zero when it could not be started yet
/// @param failsOften  whether it failed several times in a short time and has not run steadily since
/// @param outOfOrder  whether it is stuck: no progress for long without a declared wait, or not started for
///                    long
public record TaskStatus(
        String name,
        State state,
        long restarts,
        @Nullable String lastFailure,
        Duration sinceStart,
        boolean failsOften,
        boolean outOfOrder) {

    /// What the supervisor does with the task.
    public enum State {
        RUNNING,
        /// The task waits for its first start or a restart.
        RESTARTING,
        /// The task ended, and the process ends because of it.
        EXITING,
        /// The task was closed, or ended as expected.
        ENDED
    }

    public TaskStatus {
        requireNonNull(name, "name is null");
        requireNonNull(state, "state is null");
        requireNonNull(sinceStart, "sinceStart is null");
    }

    /// Whether the task is alive and does not fail often.
    public boolean isHealthy() {
        return !failsOften && isAlive();
    }

    /// Whether the task runs or may soon run again.
    public boolean isAlive() {
        return !outOfOrder && state != State.EXITING;
    }
}
