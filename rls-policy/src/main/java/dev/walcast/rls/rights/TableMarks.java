package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;

/// The marks of one table, the questions about it, and the time at which its rights were last confirmed. Safe for any
/// thread.
final class TableMarks {
    /// With more marks than this, the earliest are dropped. Later marks imply them, except for transactions that
    /// stayed invisible all that time.
    private static final int PENDING_MAX = 1_000;

    /// The same bound for tables without a question, of which there may be many.
    private static final int PENDING_UNASKED_MAX = 16;

    private final TableId id;
    private final Set<Catalog.AccessQuestion> questions = ConcurrentHashMap.newKeySet();

    @GuardedBy("this")
    private final Deque<Pending> pending = new ArrayDeque<>();

    @GuardedBy("this")
    private RightsMark latest;

    @GuardedBy("this")
    private long numbers;

    private volatile long confirmedThrough;
    private volatile long databaseConfirmedThrough;
    private volatile long confirmedAt;

    private record Pending(long number, long xid) {}

    /// @param now the current time of the clock; a table without a mark has the rights that are read next
    TableMarks(TableId id, long now) {
        this.id = requireNonNull(id, "id is null");
        this.confirmedAt = now;
        this.latest = new RightsMark(this, 0, 0);
    }

    TableId id() {
        return id;
    }

    /// Returns the questions that every reading of this table must answer.
    Set<Catalog.AccessQuestion> questions() {
        return questions;
    }

    /// Whether a change or an answer may depend on it.
    synchronized boolean isUsed() {
        return numbers > 0 || !questions.isEmpty();
    }

    /// Returns the last mark.
    ///
    /// @param database the number of the last mark of all tables
    synchronized RightsMark latest(long database) {
        if (latest.database() < database) {
            latest = new RightsMark(this, numbers, database);
        }
        return latest;
    }

    /// Adds a mark.
    ///
    /// @param database the number of the last mark of all tables
    synchronized RightsMark mark(long xid, long database) {
        latest = new RightsMark(this, ++numbers, database);
        pending.add(new Pending(numbers, xid));
        while (pending.size() > (questions.isEmpty() ? PENDING_UNASKED_MAX : PENDING_MAX)) {
            pending.removeFirst();
        }
        return latest;
    }

    /// Returns the number of marks so far: those that a reading which begins now can confirm.
    synchronized long received() {
        return numbers;
    }

    /// Confirms marks after a successful reading.
    ///
    /// @param received the result of [#received] when the reading began
    /// @param shown    whether the reading shows a transaction
    /// @param database the number of the mark of all tables up to which the reading shows all transactions
    /// @param begunAt  when the reading began
    synchronized void confirm(long received, LongPredicate shown, long database, long begunAt) {
        databaseConfirmedThrough = Math.max(databaseConfirmedThrough, database);
        while (!pending.isEmpty() && pending.getFirst().number <= received && shown.test(pending.getFirst().xid)) {
            confirmedThrough = pending.removeFirst().number;
        }
        confirmedAt = begunAt;
    }

    /// Confirms all marks, because the table is removed. It has no questions, and what is asked about it later is
    /// read after these marks.
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

    /// Returns when the last successful reading began, in nanoseconds of the clock of [Rights].
    long confirmedAt() {
        return confirmedAt;
    }
}
