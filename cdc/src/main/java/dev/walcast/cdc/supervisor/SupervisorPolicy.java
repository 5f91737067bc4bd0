package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// The pauses and limits of a [Supervisor].
///
/// @param pauseMin      the pause before the first restart; doubled for each further one
/// @param pauseMax      the longest pause
/// @param steadyAfter   a task that has run this long is steady: its next pause is the shortest
/// @param failuresMax   a task with this many failures within `failuresWithin` fails often
/// @param failuresWithin see `failuresMax`
/// @param closeWithin   how long closing waits for threads to end
/// @param stuckAfter    a task is stuck when it made no progress for this long without a declared wait, or
///                      could not be started for this long; only time during which the process runs counts
/// @param endAfter      the process ends when a task is stuck for this long, counted from the same time
public record SupervisorPolicy(
        Duration pauseMin,
        Duration pauseMax,
        Duration steadyAfter,
        int failuresMax,
        Duration failuresWithin,
        Duration closeWithin,
        Duration stuckAfter,
        Duration endAfter) {

    /// The default: pauses of 100 ms to 10 s; steady after a minute; 5 failures in a minute are often; closing
    /// takes up to 10 s; stuck after two minutes, and the process ends after five.
    public static final SupervisorPolicy USUAL = new SupervisorPolicy(
            Duration.ofMillis(100),
            Duration.ofSeconds(10),
            Duration.ofMinutes(1),
            5,
            Duration.ofMinutes(1),
            Duration.ofSeconds(10),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5));

    public SupervisorPolicy {
        requireNonNull(steadyAfter, "steadyAfter is null");
        requireNonNull(failuresWithin, "failuresWithin is null");
        requireNonNull(closeWithin, "closeWithin is null");
        if (pauseMin.isNegative() || pauseMin.isZero() || pauseMax.compareTo(pauseMin) < 0) {
            throw new IllegalArgumentException("pauses are not positive or not in order");
        }
        if (endAfter.compareTo(stuckAfter) < 0) {
            throw new IllegalArgumentException("endAfter is shorter than stuckAfter");
        }
        if (failuresMax < 1) {
            throw new IllegalArgumentException("failuresMax is less than 1");
        }
    }

    /// @param failures the number of failures since the task ran steadily, at least 1
    long pauseNanos(int failures) {
        long nanos = pauseMin.toNanos();
        long maxNanos = pauseMax.toNanos();
        for (int i = 1; i < failures && nanos < maxNanos; i++) {
            nanos *= 2;
        }
        return Math.min(nanos, maxNanos);
    }
}
