package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// How a supervised task is.
///
/// @param restarts    how often it was started again
/// @param lastFailure the class of what ended it last, `returned` when it returned, `vanished` when its thread ended
///                    without a word; null when nothing has ended it. Never a message, which may hold a secret.
/// @param sinceStart  since its last start; zero when it never could be started
/// @param failsOften  whether it failed several times in a short time and has not run steadily since
/// @param outOfOrder  whether it has not moved for long without a declared wait, or could not be started for long
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
        /// It waits for its start, the first or another.
        RESTARTING,
        /// It ended, and the process is to end with it.
        EXITING,
        /// It was closed, or ended as expected.
        ENDED
    }

    public TaskStatus {
        requireNonNull(name, "name is null");
        requireNonNull(state, "state is null");
        requireNonNull(sinceStart, "sinceStart is null");
    }

    public boolean isHealthy() {
        return !failsOften && isAlive();
    }

    /// Whether the task runs or may soon run again.
    public boolean isAlive() {
        return !outOfOrder && state != State.EXITING;
    }
}
