package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Moment;
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

/// The transactions that stand in the replay window, and from where on they are complete. Guarded by the window's
/// lock.
final class KeptTransactions {
    /// Grows also when a change is encoded, without the lock.
    private final AtomicLong bytes = new AtomicLong();

    private final TableHistory history = new TableHistory();
    private final Deque<Passed> transactions = new ArrayDeque<>();
    private final Set<Lsn> commits = new HashSet<>();
    /// Places between transactions that clients were told.
    private final Set<Lsn> places = new HashSet<>();
    private final Floors floors = new Floors();
    private final LetGo letGo = new LetGo();
    private Lsn evicted = Lsn.ZERO;

    void beginAfter(Lsn from) {
        letGo.clear();
        history.clear();
        commits.clear();
        places.clear();
        transactions.forEach(passed -> passed.evict(bytes));
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
    Passed first() {
        return transactions.peek();
    }

    Collection<Passed> all() {
        return transactions;
    }

    TableHistory history() {
        return history;
    }

    Floors floors() {
        return floors;
    }

    void add(Passed passed, List<Encodings> changes) {
        history.add(changes);
        passed.keep(changes, bytes);
        transactions.add(passed);
        commits.add(passed.lsn());
    }

    /// Nothing from before leads any more to what comes after a transaction that is too large to be kept.
    void passOver(Passed passed, Transaction transaction) {
        while (!transactions.isEmpty()) {
            evictFirst();
        }
        transaction.forEach(change -> floors.raise(
                change.table().id(), change.position(), change.commit().timeMicros()));
        letGo.add(passed.commit().xid());
        evicted = passed.lsn();
        passed.pass(false);
    }

    /// Clients may come back with this place, although no transaction ends there.
    void addPlace(Lsn lsn) {
        places.removeIf(place -> !place.isAfter(evicted));
        places.add(lsn);
    }

    /// Nothing from before leads any more to what comes of tables whose rows could not be read.
    void leaveOut(Passed passed, Collection<SetAsideTable> unread) {
        Position after = Position.after(passed.lsn());
        unread.forEach(one -> floors.raise(one.table(), after, passed.commit().timeMicros()));
        letGo.add(passed.commit().xid());
    }

    /// Takes the last one out when it is this.
    Optional<Passed> removeLast(Lsn lsn) {
        if (transactions.isEmpty() || !transactions.getLast().lsn().equals(lsn)) {
            return Optional.empty();
        }
        Passed last = transactions.removeLast();
        last.evict(bytes);
        return Optional.of(last);
    }

    void evictFirst() {
        Passed first = transactions.remove();
        first.changes()
                .forEach(encodings -> floors.raise(
                        encodings.change().table().id(),
                        encodings.change().position(),
                        encodings.change().commit().timeMicros()));
        history.remove(first.changes());
        first.evict(bytes);
        commits.remove(first.lsn());
        letGo.add(first.commit().xid());
        evicted = first.lsn();
    }

    /// Before the first one that rows of this moment do not show.
    ///
    /// @param head behind the last one
    /// @return nothing when one of those may not stand here any more
    Optional<Position> before(Moment moment, Position head) {
        if (!letGo.areIn(moment)) {
            return Optional.empty();
        }
        for (Passed passed : transactions) {
            if (!moment.contains(passed.commit().xid())) {
                return Optional.of(passed.before());
            }
        }
        return Optional.of(head);
    }

    /// Whether a transaction that ends there may have been in the feed: one that came, or one from before.
    boolean mayHaveHad(Lsn commit) {
        return !commit.isAfter(requireNonNull(evicted)) || commits.contains(commit) || places.contains(commit);
    }

    /// Whether something of these tables behind the position was let go.
    boolean lacks(Collection<? extends Target> targets, Position after) {
        return floors.position(targets).isAfter(after);
    }
}
