package dev.walcast.server.delivery;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Counts what of a transaction is not delivered yet, and acknowledges the transaction after the last of it.
public final class Outstanding {
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicReference<@Nullable Runnable> acknowledge = new AtomicReference<>();

    /// One more; to be run when it is delivered. Called by the thread that walks the transaction.
    public Runnable one() {
        left.incrementAndGet();
        return this::done;
    }

    /// To be called after the whole transaction was walked.
    public void whenDone(Runnable action) {
        acknowledge.set(action);
        runIfDone();
    }

    private void done() {
        left.decrementAndGet();
        runIfDone();
    }

    private void runIfDone() {
        if (left.get() == 0) {
            Runnable action = acknowledge.getAndSet(null);
            if (action != null) {
                action.run();
            }
        }
    }
}
