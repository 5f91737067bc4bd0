package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.access.PrivateRights.Asking;
import dev.walcast.server.access.PrivateRights.Member;
import dev.walcast.server.access.RightsRound.Asked;
import dev.walcast.server.limits.ClientKey;
import org.jspecify.annotations.Nullable;

/// Has one channel's rights rechecked until it is cancelled. Safe for any thread.
final class RightsWatch {
    private final PrivateRights rights;
    private final Member member;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private @Nullable Asking key;

    @GuardedBy("lock")
    private boolean cancelled;

    RightsWatch(PrivateRights rights, Member member) {
        this.rights = requireNonNull(rights, "rights is null");
        this.member = requireNonNull(member, "member is null");
    }

    /// Makes this the channel's question from now on.
    ///
    /// @param client takes turns with the other clients
    /// @param asked  when the channel itself asked it
    void follow(ClientKey client, Asking fresh, Asked asked) {
        synchronized (lock) {
            leave();
            if (!cancelled) {
                key = fresh;
                rights.add(member, client, fresh, asked);
            }
        }
    }

    void cancel() {
        synchronized (lock) {
            cancelled = true;
            leave();
        }
    }

    /// With the lock held.
    @GuardedBy("lock")
    private void leave() {
        if (key != null) {
            rights.remove(member, key);
            key = null;
        }
    }
}
