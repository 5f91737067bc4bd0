package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Notices when a channel's token has expired. Safe for any thread.
public final class ExpiryWatch {
    /// The clock may be set, which a timer does not notice.
    private static final Duration LOOK_EVERY = Duration.ofMinutes(5);

    private final Services services;
    private final Consumer<Instant> expired;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private Instant expiresAt = Instant.MAX;

    @GuardedBy("lock")
    private @Nullable Future<?> nextLook;

    @GuardedBy("lock")
    private boolean cancelled;

    /// @param expired called with the time it was good until, on a thread of its own
    public ExpiryWatch(Services services, Consumer<Instant> expired) {
        this.services = requireNonNull(services, "services is null");
        this.expired = requireNonNull(expired, "expired is null");
    }

    /// From here on another token counts.
    public void follow(Instant newExpiresAt) {
        synchronized (lock) {
            expiresAt = newExpiresAt;
            schedule();
        }
    }

    /// The channel has ended: no expiry is reported from here on.
    public void cancel() {
        synchronized (lock) {
            cancelled = true;
            schedule();
        }
    }

    @GuardedBy("lock")
    private void schedule() {
        if (nextLook != null) {
            nextLook.cancel(false);
        }
        if (!cancelled) {
            Duration left = Duration.between(services.clock().instant(), expiresAt);
            nextLook = services.timers().after(left.compareTo(LOOK_EVERY) < 0 ? left : LOOK_EVERY, this::look);
        }
    }

    private void look() {
        Instant until;
        synchronized (lock) {
            until = expiresAt;
            if (until.isAfter(services.clock().instant())) {
                schedule();
                return;
            }
        }
        expired.accept(until);
    }
}
