package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import java.util.Locale;
import java.util.Optional;

/// The place where a binding's changes begin.
public sealed interface BindingStart {
    /// Why a client has to read its rows again.
    enum Reason {
        EXPIRED,
        EPOCH_CHANGED,
        SCHEMA_CHANGED,
        RIGHTS_CHANGED,
        /// The rights of its tables could not be confirmed in time, so changes were dropped.
        RIGHTS_STALE,
        /// Postgres took too long to decide whether a policy or filter shows a change, so the change was withheld.
        POLICY_TIMEOUT,
        /// An UPDATE left a large value unchanged, so the log does not show whether the filter or the policies show
        /// the row.
        UNCHANGED_VALUE,
        /// The publication was changed for the table, so rows written in the meantime may be missing.
        PUBLICATION_CHANGED,
        /// The reader cannot read changes of a table, or could not for a time. The server's log has the reason.
        TABLE_SET_ASIDE,
        /// The server failed to deliver a change; its log has the error.
        SERVER_ERROR,
        INVALID;

        /// The code that the client receives.
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Begins with the changes that come after its subscription goes live.
    record Live() implements BindingStart {}

    /// Begins after a position in the past.
    ///
    /// @param resumed whether the client named the position
    record At(Position after, boolean resumed) implements BindingStart {
        public At {
            requireNonNull(after, "after is null");
        }
    }

    /// Begins with the rows, followed by the changes after them.
    ///
    /// @param reason why the binding cannot continue from the position that its client named; empty when it
    /// named none
    record Anew(Optional<Reason> reason) implements BindingStart {
        public Anew {
            requireNonNull(reason, "reason is null");
        }
    }

    /// Begins with the changes that come after its subscription goes live; changes before that may be missing. The
    /// client must be told first, or it would take the first change for the next one.
    record Reset(Reason reason) implements BindingStart {
        public Reset {
            requireNonNull(reason, "reason is null");
        }
    }
}
