package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import java.util.Locale;

/// Where a binding's changes begin.
sealed interface BindingStart {
    /// Why a client has to read its rows anew.
    enum Reason {
        EXPIRED,
        EPOCH_CHANGED,
        SCHEMA_CHANGED,
        RIGHTS_CHANGED,
        INVALID;

        String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Its first change is the one after this.
    Position after();

    /// @param resumed whether the client named the place
    record At(Position after, boolean resumed) implements BindingStart {
        public At {
            requireNonNull(after, "after is null");
        }
    }

    /// From now on, and something may be missing before.
    record Reset(Position after, Reason reason) implements BindingStart {
        public Reset {
            requireNonNull(after, "after is null");
            requireNonNull(reason, "reason is null");
        }
    }
}
