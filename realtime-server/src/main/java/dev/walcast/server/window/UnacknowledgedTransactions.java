package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// The transactions that are not acknowledged yet. The longest run from the first one that is delivered, stored as
/// delivered, and out of the window can be acknowledged. Guarded by the window's lock.
final class UnacknowledgedTransactions {
    private final Deque<WindowTransaction> open = new ArrayDeque<>();
    private Lsn acknowledged;

    /// @param delivered the position that an earlier server has delivered
    UnacknowledgedTransactions(Lsn delivered) {
        this.acknowledged = requireNonNull(delivered, "delivered is null");
    }

    /// Adds a transaction. Of neighbours without changes only the last is kept, since many may come while an earlier
    /// one is open.
    void add(WindowTransaction received) {
        if (open.size() > 1 && open.getLast().isDone()) {
            WindowTransaction last = open.removeLast();
            open.getLast().cover(last);
        }
        open.add(received);
    }

    /// Forgets a transaction that will come again.
    void forget(WindowTransaction received) {
        open.remove(received);
    }

    Lsn acknowledged() {
        return acknowledged;
    }

    Lsn deliveredThrough() {
        Lsn through = acknowledged;
        for (WindowTransaction received : open) {
            if (!received.isDelivered()) {
                break;
            }
            through = received.through();
        }
        return through;
    }

    /// The actions that acknowledge the run, to be called in this order. The last transaction comes first, so that
    /// the slot moves once for all of them.
    ///
    /// @param idle whether transactions without changes may stay open after the last one with changes
    List<Runnable> acknowledgeable(Lsn remembered, boolean idle) {
        Deque<WindowTransaction> run = new ArrayDeque<>();
        while (!open.isEmpty()
                && open.element().isDone()
                && !open.element().through().isAfter(remembered)) {
            run.add(open.remove());
        }
        while (idle && !run.isEmpty() && run.getLast().isEmpty()) {
            open.addFirst(run.removeLast());
        }
        if (!run.isEmpty()) {
            acknowledged = run.getLast().through();
        }
        List<Runnable> actions = new ArrayList<>();
        run.descendingIterator().forEachRemaining(received -> actions.add(received.acknowledge()));
        return actions;
    }
}
