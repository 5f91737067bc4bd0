package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.Lsn;
import java.util.Map;
import java.util.TreeMap;

/// Tracks which transactions were received and which are handled. It lets the slot advance past the longest run
/// of handled transactions. It outlives a connection, so that transactions that Postgres sends again after a
/// reconnect are recognized. Safe for any thread.
final class SlotAcknowledgements {
    @GuardedBy("this")
    private final TreeMap<Long, Waiting> waiting = new TreeMap<>(Long::compareUnsigned);

    @GuardedBy("this")
    private Lsn received = Lsn.ZERO;

    private static final class Waiting {
        private Runnable acknowledge;
        private boolean handled;

        Waiting(Runnable acknowledge) {
            this.acknowledge = acknowledge;
        }
    }

    /// Returns the end of the last transaction received; zero before the first.
    synchronized Lsn received() {
        return received;
    }

    /// Registers a transaction that arrives.
    ///
    /// @param acknowledge acknowledges to Postgres this transaction and all before it
    /// @return whether the transaction is new, and did not come over an earlier connection
    synchronized boolean receive(Lsn lsn, Runnable acknowledge) {
        Waiting known = waiting.get(lsn.value());
        if (known != null) {
            known.acknowledge = acknowledge;
            return false;
        }
        waiting.put(lsn.value(), new Waiting(acknowledge));
        if (lsn.isAfter(received)) {
            return true;
        }
        handled(lsn);
        return false;
    }

    /// Records that the listener has processed the transaction. It is skipped when it comes again.
    synchronized void received(Lsn lsn) {
        received = lsn;
    }

    /// Forgets everything, because the positions of another history have no meaning in the new one.
    synchronized void beginAnew() {
        waiting.clear();
        received = Lsn.ZERO;
    }

    /// Removes a transaction that the listener failed to process.
    synchronized void forget(Lsn lsn) {
        waiting.remove(lsn.value());
    }

    /// Records that a transaction is handled, and acknowledges the run of handled transactions.
    synchronized void handled(Lsn lsn) {
        Waiting known = waiting.get(lsn.value());
        if (known == null) {
            return;
        }
        known.handled = true;
        forgetWithinRun(lsn, known);
        Runnable last = null;
        var entries = waiting.values().iterator();
        while (entries.hasNext()) {
            Waiting next = entries.next();
            if (!next.handled) {
                break;
            }
            last = requireNonNull(next.acknowledge);
            entries.remove();
        }
        if (last != null) {
            last.run();
        }
    }

    /// Of two neighbours that are both handled, only the later acknowledgement is needed: when the slot may
    /// pass one, it may pass both.
    @GuardedBy("this")
    private void forgetWithinRun(Lsn lsn, Waiting known) {
        Map.Entry<Long, Waiting> lower = waiting.lowerEntry(lsn.value());
        if (lower != null && lower.getValue().handled) {
            waiting.remove(lower.getKey());
        }
        Map.Entry<Long, Waiting> higher = waiting.higherEntry(lsn.value());
        if (higher != null && higher.getValue().handled) {
            waiting.remove(lsn.value(), known);
        }
    }
}
