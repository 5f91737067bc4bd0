package dev.walcast.cdc.supervisor;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends the process when its memory is exhausted. The failed thread may have stopped half-way, and the next one
/// fails as well. All code that catches errors and continues calls this class first.
///
/// The JVM's own `-XX:+ExitOnOutOfMemoryError` does the same with the same exit code, but not for direct
/// buffers and other memory that Java code requests from the system. It may also be missing from the command
/// line. A shortage of threads is not fatal: it may pass, and otherwise the [Supervisor] ends the process.
public final class FatalErrors {
    private static final Logger log = LoggerFactory.getLogger(FatalErrors.class);

    /// The exit code of a process without memory, as with `-XX:+ExitOnOutOfMemoryError`.
    public static final int MEMORY_EXIT_CODE = 3;

    /// The exit code of a process in which an essential thread cannot run.
    public static final int STUCK_EXIT_CODE = 4;

    private static final Duration LOG_WITHIN = Duration.ofSeconds(1);

    private FatalErrors() {}

    /// Ends the process when the error, or one of its causes, means that memory is exhausted; does not return
    /// then.
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
            logFatal(MEMORY_EXIT_CODE, "Memory is exhausted and the process ends", error);
        } catch (Throwable _) {
            // There may be no memory and no thread for logging.
        }
        halt(MEMORY_EXIT_CODE);
    }

    /// Ends the process at once, without its shutdown hooks, which may hang. Tries to log first, for at most a
    /// second.
    public static void halt(int code, String message, @Nullable Throwable cause) {
        try {
            logFatal(code, message, cause);
        } catch (Throwable _) {
            // There may be no memory for logging.
        }
        halt(code);
    }

    private static void logFatal(int code, String message, @Nullable Throwable cause) throws InterruptedException {
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

    /// Loads the classes that are needed to end the process, while there is memory for them.
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

    /// Makes the JVM check and log every error that ends a thread.
    public static void handleUncaught() {
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            check(error);
            log.error("The thread {} ended", thread.getName(), error);
        });
    }

    static boolean isMemoryExhausted(@Nullable Throwable error) {
        Throwable cause = error;
        for (int depth = 0; cause != null && depth < 20; depth++) {
            if (cause instanceof OutOfMemoryError && meansMemory(cause.getMessage())) {
                return true;
            }
            cause = cause.getCause();
        }
        return false;
    }

    /// Recognizes the messages of the JVM and its class library. A shortage of threads, and arrays and texts
    /// that no heap could hold, are not among them.
    private static boolean meansMemory(@Nullable String message) {
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
