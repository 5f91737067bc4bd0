package dev.walcast.cdc.supervisor;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the process when its memory is exhausted: whatever a thread was doing, it may have stopped half-way, and the
/// next one fails as well. Every place that catches errors and goes on asks here first.
///
/// The JVM's own `-XX:+ExitOnOutOfMemoryError` does the same, with the same exit code, but not for direct buffers and
/// other memory that Java code asks the system for, and not in a JVM that was started without it. A shortage of threads
/// is not fatal: it may pass, and the [Supervisor] ends the process if it does not.
public final class FatalErrors {
    private static final Logger log = LoggerFactory.getLogger(FatalErrors.class);

    /// The exit code of a process that has no memory left, as with `-XX:+ExitOnOutOfMemoryError`.
    public static final int MEMORY_EXIT_CODE = 3;

    /// The exit code of a process in which an essential thread cannot run.
    public static final int STUCK_EXIT_CODE = 4;

    private static final Duration LOG_WITHIN = Duration.ofSeconds(1);

    private FatalErrors() {}

    /// Does not return when the error, or a cause of it, tells of exhausted memory.
    public static void check(@Nullable Throwable error) {
        boolean exhausted;
        try {
            exhausted = isMemoryExhausted(error);
        } catch (OutOfMemoryError _) {
            exhausted = true; // the first use of a text needs memory
        }
        if (exhausted) {
            endWithoutMemory(error);
        }
    }

    private static void endWithoutMemory(@Nullable Throwable error) {
        try {
            tell(MEMORY_EXIT_CODE, "Memory is exhausted and the process ends", error);
        } catch (Throwable _) {
            // There may be no memory and no thread to log with.
        }
        halt(MEMORY_EXIT_CODE);
    }

    /// Ends the process at once and without its shutdown hooks, which may hang. Tries to log first, no longer than a
    /// second.
    public static void halt(int code, String message, @Nullable Throwable cause) {
        try {
            tell(code, message, cause);
        } catch (Throwable _) {
            // As above.
        }
        halt(code);
    }

    private static void tell(int code, String message, @Nullable Throwable cause) throws InterruptedException {
        Thread logging = Thread.ofPlatform()
                .daemon()
                .name("last-words")
                .start(() -> log.error("{} (exit code {})", message, code, cause));
        logging.join(LOG_WITHIN);
    }

    private static void halt(int code) {
        while (true) {
            try {
                Runtime.getRuntime().halt(code);
            } catch (Throwable _) {
                Thread.onSpinWait(); // even that may need memory, of which a collection may find some
            }
        }
    }

    /// Loads what is needed to end the process, while there is memory for it.
    static void prepare() {
        boolean _ = isMemoryExhausted(null);
        Thread hook = new Thread(() -> {}, "never-run");
        try {
            Runtime.getRuntime().addShutdownHook(hook);
            boolean _ = Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            log.debug("The process ends already", e);
        }
    }

    /// Has errors that end a thread checked and logged.
    public static void handleUncaught() {
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            check(error);
            log.error("The thread {} ended", thread.getName(), error);
        });
    }

    static boolean isMemoryExhausted(@Nullable Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (cause instanceof OutOfMemoryError && tellsOfMemory(cause.getMessage())) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /// What the JVM and its class library write. Not among them are a shortage of threads, and arrays and texts that no
    /// heap could hold.
    private static boolean tellsOfMemory(@Nullable String message) {
        return message != null
                && (message.startsWith("Java heap space")
                        || message.startsWith("GC overhead limit")
                        || message.startsWith("Metaspace")
                        || message.startsWith("Compressed class space")
                        || message.startsWith("Cannot reserve ")
                        || message.startsWith("Direct buffer memory")
                        || message.startsWith("Unable to allocate ")
                        || message.startsWith("Map failed")
                        || message.contains("Out of swap space"));
    }
}
