package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.SystemNote;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/// Tells a channel when broadcasts from the database arrive, and ends it when they do not begin in time.
final class ReplicationNotice {
    private static final Duration LOOK_EVERY = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Services services;
    private final Channel channel;
    private final Object lock = new Object();

    private final Instant deadline;

    @GuardedBy("lock")
    private @Nullable Future<?> nextLook;

    @GuardedBy("lock")
    private boolean cancelled;

    ReplicationNotice(Services services, Channel channel) {
        this.services = requireNonNull(services, "services is null");
        this.channel = requireNonNull(channel, "channel is null");
        this.deadline = services.clock().instant().plus(PATIENCE);
    }

    void look() {
        if (services.databaseBroadcasts().getAsBoolean()) {
            channel.deliverNote(SystemNote.replicationReady());
        } else if (!lookAgain()) {
            channel.closeBecause(ErrorCode.REPLICATION_LATE.refusal());
        }
    }

    void cancel() {
        synchronized (lock) {
            cancelled = true;
            if (nextLook != null) {
                nextLook.cancel(false);
            }
        }
    }

    /// False when there was time enough.
    private boolean lookAgain() {
        synchronized (lock) {
            if (cancelled) {
                return true;
            }
            if (!services.clock().instant().isBefore(deadline)) {
                return false;
            }
            nextLook = services.timers().after(LOOK_EVERY, this::look);
            return true;
        }
    }
}
