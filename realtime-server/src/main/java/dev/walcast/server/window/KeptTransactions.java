package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The transactions in the replay window, and the positions after which they are complete. Guarded by the window's
/// lock.
final class KeptTransactions {
    /// Also grows when a change is encoded, without the lock.
    private final AtomicLong bytes = new AtomicLong();

    private final TableHistory history = new TableHistory();
    private final Deque<WindowTransaction> transactions = new ArrayDeque<>();
    private final Set<Lsn> commits = new HashSet<>();
    /// Positions between transactions that clients were given.
    private final Set<Lsn> places = new HashSet<>();
    private final RetentionFloors floors = new RetentionFloors();
    private final EvictedTransactions evictedTransactions = new EvictedTransactions();
    private Lsn evicted = Lsn.ZERO;

    void beginAfter(Lsn from) {
        evictedTransactions.clear();
        history.clear();
        commits.clear();
        places.clear();
        transactions.forEach(received -> received.evict(bytes));
        transactions.clear();
        evicted = from;
        floors.beginAt(Position.after(from), Long.MAX_VALUE);
    }

    long bytes() {
        return bytes.get();
    }

    int size() {
        return transactions.size();
    }

    /// The oldest.
    @Nullable
    WindowTransaction first() {
        return transactions.peek();
    }

    Collection<WindowTransaction> all() {
        return transactions;
    }

    TableHistory history() {
        return history;
    }

    RetentionFloors floors() {
        return floors;
    }

    void add(WindowTransaction received, List<Encodings> changes) {
        history.add(changes);
        received.keep(changes, bytes);
        transactions.add(received);
        commits.add(received.lsn());
    }

    /// Records a transaction that is too large to be kept: no client can resume from before it.
    void skip(WindowTransaction received, Transaction transaction) {
        while (!transactions.isEmpty()) {
            evictFirst();
        }
        transaction.forEach(change -> floors.raise(
                change.table().id(), change.position(), change.commit().timeMicros()));
        evictedTransactions.add(received.commit().xid());
        evicted = received.lsn();
        received.skip(false);
    }

    /// Records a position at which a client may resume although no transaction ends there.
    void addPlace(Lsn lsn) {
        places.removeIf(place -> !place.isAfter(evicted));
        places.add(lsn);
    }

    /// Records that rows of these tables could not be read: their clients cannot resume from before this transaction.
    void leaveOut(WindowTransaction received, Collection<SetAsideTable> unread) {
        Position after = Position.after(received.lsn());
        unread.forEach(one -> floors.raise(one.table(), after, received.commit().timeMicros()));
        evictedTransactions.add(received.commit().xid());
    }

    /// Removes the last transaction when it ends here.
    Optional<WindowTransaction> removeLast(Lsn lsn) {
        if (transactions.isEmpty() || !transactions.getLast().lsn().equals(lsn)) {
            return Optional.empty();
        }
        WindowTransaction last = transactions.removeLast();
        last.evict(bytes);
        return Optional.of(last);
    }

    void evictFirst() {
        WindowTransaction first = transactions.remove();
        first.changes()
                .forEach(encodings -> floors.raise(
                        encodings.change().table().id(),
                        encodings.change().position(),
                        encodings.change().commit().timeMicros()));
        history.remove(first.changes());
        first.evict(bytes);
        commits.remove(first.lsn());
        evictedTransactions.add(first.commit().xid());
        evicted = first.lsn();
    }

    /// The position before the first transaction that a snapshot of this moment does not contain.
    ///
    /// @param head the position after the last transaction
    /// @return empty when one of those transactions may have left the window
    Optional<Position> before(PgSnapshot moment, Position head) {
        if (!evictedTransactions.allContainedIn(moment)) {
            return Optional.empty();
        }
        for (WindowTransaction received : transactions) {
            if (!moment.contains(received.commit().xid())) {
                return Optional.of(received.before());
            }
        }
        return Optional.of(head);
    }

    /// Whether a transaction that ends here may have been in the feed: one that was received, or one from before.
    boolean mayHaveContained(Lsn commit) {
        return !commit.isAfter(requireNonNull(evicted)) || commits.contains(commit) || places.contains(commit);
    }

    /// Whether a change of these tables after the position was evicted.
    boolean lacks(Collection<? extends Target> targets, Position after) {
        return floors.position(targets).isAfter(after);
    }
}
