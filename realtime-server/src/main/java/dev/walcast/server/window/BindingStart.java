package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import java.util.Locale;
import java.util.Optional;

/// Where a binding's changes begin.
public sealed interface BindingStart {
    /// Why a client has to read its rows anew.
    enum Reason {
        EXPIRED,
        EPOCH_CHANGED,
        SCHEMA_CHANGED,
        RIGHTS_CHANGED,
        /// The rights of its tables could not be confirmed in time, so changes were dropped.
        RIGHTS_STALE,
        /// Postgres took too long to say whether a policy or filter shows a change, so it was withheld.
        POLICY_TIMEOUT,
        /// An UPDATE left a large value alone, so that the log does not say whether the filter or the policies show it.
        UNCHANGED_VALUE,
        /// The publication was changed for the table, so rows that were written meanwhile may be missing.
        PUBLICATION_CHANGED,
        /// The reader cannot read changes of a table, or could not until now; the server's log says why.
        TABLE_SET_ASIDE,
        /// The server failed to deliver a change; its log has the error.
        SERVER_ERROR,
        INVALID;

        /// What the client is told.
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Where its subscription goes live.
    record Live() implements BindingStart {}

    /// After a place in the past.
    ///
    /// @param resumed whether the client named it
    record At(Position after, boolean resumed) implements BindingStart {
        public At {
            requireNonNull(after, "after is null");
        }
    }

    /// With its rows, and after them.
    ///
    /// @param reason why it cannot go on from the place that its client named, if it named one
    record Anew(Optional<Reason> reason) implements BindingStart {
        public Anew {
            requireNonNull(reason, "reason is null");
        }
    }

    /// Where its subscription goes live, and something may be missing before. None of its changes may reach the
    /// client before it was told, or the client would take that for the next one.
    record Reset(Reason reason) implements BindingStart {
        public Reset {
            requireNonNull(reason, "reason is null");
        }
    }
}
