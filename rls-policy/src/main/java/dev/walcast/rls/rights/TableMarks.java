package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;

/// The marks of one table, the questions that are known about it, and when its rights were last confirmed. Safe for
/// any thread.
final class TableMarks {
    /// Beyond this number the earliest marks are dropped: the latest ones imply them but for transactions that were
    /// invisible all that time.
    private static final int PENDING_MAX = 1_000;

    /// The same for a table that no question is known about, of which there may be many.
    private static final int PENDING_UNASKED_MAX = 16;

    private final TableId id;
    private final Set<Catalog.AccessQuestion> questions = ConcurrentHashMap.newKeySet();

    private final Deque<Pending> pending = new ArrayDeque<>(); // guarded by this
    private RightsMark latest; // guarded by this
    private long numbers; // guarded by this

    private volatile long confirmedThrough;
    private volatile long databaseConfirmedThrough;
    private volatile long confirmedAt;

    private record Pending(long number, long xid) {}

    /// @param now when it is made: a table without a mark has the rights that are read next
    TableMarks(TableId id, long now) {
        this.id = requireNonNull(id, "id is null");
        this.confirmedAt = now;
        this.latest = new RightsMark(this, 0, 0);
    }

    TableId id() {
        return id;
    }

    /// The questions whose answers every reading of this table must renew.
    Set<Catalog.AccessQuestion> questions() {
        return questions;
    }

    /// Whether a change or an answer may rest on it.
    synchronized boolean isUsed() {
        return numbers > 0 || !questions.isEmpty();
    }

    /// @param database the number of the last mark of all tables
    synchronized RightsMark latest(long database) {
        if (latest.database() < database) {
            latest = new RightsMark(this, numbers, database);
        }
        return latest;
    }

    /// @param database the number of the last mark of all tables
    synchronized RightsMark mark(long xid, long database) {
        latest = new RightsMark(this, ++numbers, database);
        pending.add(new Pending(numbers, xid));
        while (pending.size() > (questions.isEmpty() ? PENDING_UNASKED_MAX : PENDING_MAX)) {
            pending.removeFirst();
        }
        return latest;
    }

    /// How many marks there are so far: those that a reading begun now can confirm.
    synchronized long received() {
        return numbers;
    }

    /// A reading that began at the given time was successful.
    ///
    /// @param received what [#received] said when the reading began
    /// @param shown    whether the reading shows what a transaction did
    /// @param database up to which mark of all tables the reading shows what was done
    synchronized void confirm(long received, LongPredicate shown, long database, long begunAt) {
        databaseConfirmedThrough = Math.max(databaseConfirmedThrough, database);
        while (!pending.isEmpty() && pending.getFirst().number <= received && shown.test(pending.getFirst().xid)) {
            confirmedThrough = pending.removeFirst().number;
        }
        confirmedAt = begunAt;
    }

    /// It is forgotten while no question is known about the table: whatever is asked from now on is read later than its
    /// marks.
    synchronized void retire() {
        pending.clear();
        confirmedThrough = Long.MAX_VALUE;
        databaseConfirmedThrough = Long.MAX_VALUE;
    }

    long confirmedThrough() {
        return confirmedThrough;
    }

    long databaseConfirmedThrough() {
        return databaseConfirmedThrough;
    }

    /// When the last successful reading began; nanoseconds of the clock of [Rights].
    long confirmedAt() {
        return confirmedAt;
    }
}
