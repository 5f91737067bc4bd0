package dev.walcast.cdc.supervisor;

/// What the supervisor does when a task ends by itself.
public sealed interface EndAction {
    /// Restarts the task after a pause.
    record Restart() implements EndAction {}

    /// Ends the process, because the state that the task left cannot be trusted.
    ///
    /// @param code the process' exit code
    record Exit(int code) implements EndAction {}
}
