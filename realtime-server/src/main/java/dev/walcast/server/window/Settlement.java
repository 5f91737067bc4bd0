package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Which transactions are not acknowledged yet. The longest run that is delivered, remembered as delivered, and no
/// longer in the window can be. Guarded by the window's lock.
final class Settlement {
    private final Deque<Passed> open = new ArrayDeque<>();
    private Lsn acknowledged;

    /// @param delivered what an earlier server has delivered
    Settlement(Lsn delivered) {
        this.acknowledged = requireNonNull(delivered, "delivered is null");
    }

    /// Transactions without changes may be many while an earlier one is open: of neighbours only the last is kept.
    void add(Passed passed) {
        if (open.size() > 1 && open.getLast().isDone()) {
            Passed last = open.removeLast();
            open.getLast().cover(last);
        }
        open.add(passed);
    }

    /// It comes again.
    void forget(Passed passed) {
        open.remove(passed);
    }

    Lsn acknowledged() {
        return acknowledged;
    }

    Lsn deliveredThrough() {
        Lsn through = acknowledged;
        for (Passed passed : open) {
            if (!passed.isDelivered()) {
                break;
            }
            through = passed.through();
        }
        return through;
    }

    /// What acknowledges the run, to be called in this order: the last transaction comes first, so that all of them
    /// make one step of the slot.
    ///
    /// @param idle whether transactions without changes may stay open behind the last one with changes
    List<Runnable> acknowledgeable(Lsn remembered, boolean idle) {
        Deque<Passed> run = new ArrayDeque<>();
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
        run.descendingIterator().forEachRemaining(passed -> actions.add(passed.acknowledge()));
        return actions;
    }
}
