package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.util.Map;
import java.util.TreeMap;

/// Which transactions were received and which of them are handled; lets the slot advance past the longest run of
/// handled ones. Outlives a connection, so that what Postgres sends again after a reconnect is recognised. Safe for any
/// thread.
final class SlotAcknowledgements {
    private final TreeMap<Long, Waiting> waiting = new TreeMap<>(Long::compareUnsigned);
    private Lsn received = Lsn.ZERO;

    private static final class Waiting {
        private Runnable acknowledge;
        private boolean handled;

        Waiting(Runnable acknowledge) {
            this.acknowledge = acknowledge;
        }
    }

    /// The end of the last transaction received; zero before the first.
    synchronized Lsn received() {
        return received;
    }

    /// @param acknowledge tells Postgres of this transaction and of all before it
    /// @return whether the transaction is new, and not one that came over an earlier connection already
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

    /// The transaction went through the listener; from here on a second sight of it is skipped.
    synchronized void received(Lsn lsn) {
        received = lsn;
    }

    /// Another history begins: positions of the former one mean nothing in it.
    synchronized void beginAnew() {
        waiting.clear();
        received = Lsn.ZERO;
    }

    synchronized void forget(Lsn lsn) {
        waiting.remove(lsn.value());
    }

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

    /// Of neighbours that are both handled only the later one's acknowledgement is of use: whatever lets the slot pass
    /// one, passes both.
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
