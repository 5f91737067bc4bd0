package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.rights.RightsReader.Reading;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps the rights in force: what each role may do with each table in use, and the policies that apply to it.
///
/// It reads rights again for three reasons: the log announces that the rights of a table may have changed ([#mark] or
/// [#markAll], then [#confirm]), a join asks ([#ask]), or [RightsLimits#poll] has passed. One reading runs at a time,
/// on the thread of one caller. It answers everything that was asked before it began. Rights that could not be
/// confirmed for [RightsLimits#maxAge] are not used.
///
/// Rights that did not change stay the same instance. Safe for any thread.
public final class Rights {
    /// An answer that was not used for this time is removed, because roles come from tokens.
    private static final long FORGOTTEN_AFTER_NANOS = TimeUnit.MINUTES.toNanos(10);

    /// The first and the longest pause before a table is read again that could not be confirmed.
    private static final long RETRY_MIN_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long RETRY_MAX_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    /// An answer that a table does not exist is kept for this time after its last use. Subscriptions get to know
    /// when the table is created.
    private static final long ABSENT_FORGOTTEN_AFTER_NANOS = TimeUnit.SECONDS.toNanos(10);

    private static final int ABSENT_MAX = 1_000;

    /// The most questions that one log line names.
    private static final int NAMED_MAX = 5;

    private static final Logger log = LoggerFactory.getLogger(Rights.class);

    private final RightsReader reader;
    private final RightsLimits limits;
    private final long maxAgeNanos;
    private final LongSupplier nanoTime;
    private volatile long refreshedNanos;
    private final Map<AccessQuestion, Known> known = new ConcurrentHashMap<>();
    private final Map<TableId, TableMarks> tables = new ConcurrentHashMap<>();
    private final DatabaseMarks database = new DatabaseMarks();
    private final ConcurrentLinkedQueue<Request> requests = new ConcurrentLinkedQueue<>();
    private final ReentrantLock reading = new ReentrantLock(true);

    /// The activity of the watching thread, which may wait for a reading of another thread.
    private volatile TaskActivity watching = TaskActivity.unwatched();

    /// How many answers say that the table does not exist.
    @GuardedBy("reading")
    private int absent;

    /// The questions whose answers changed, until every listener was called.
    @GuardedBy("reading")
    private final Set<AccessQuestion> untold = new HashSet<>();

    private final CopyOnWriteArrayList<Consumer<Set<AccessQuestion>>> changeListeners = new CopyOnWriteArrayList<>();

    /// Makes an empty store of rights.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public Rights(RightsReader reader, RightsLimits limits, LongSupplier nanoTime) {
        this.reader = requireNonNull(reader, "reader is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.maxAgeNanos = limits.maxAge().toNanos();
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.refreshedNanos = nanoTime.getAsLong();
    }

    /// One answer, which is kept up to date.
    public static final class Known {
        private final TableMarks marks;
        private volatile @Nullable TableRights rights;
        private volatile long usedAt;
        private volatile boolean forgotten;

        private Known(TableMarks marks, @Nullable TableRights rights, long now) {
            this.marks = marks;
            this.rights = rights;
            this.usedAt = now;
        }

        /// Returns the rights; null when the table does not exist.
        public @Nullable TableRights rights() {
            return rights;
        }
    }

    /// A request for a reading of one table that begins after the request was made, possibly with a question
    /// about it.
    private static final class Request {
        private final TableId table;
        private final @Nullable AccessQuestion question;
        private @Nullable TableRights rights; // guarded by reading
        private @Nullable SQLException failure; // guarded by reading
        private boolean answered; // guarded by reading

        private Request(TableId table, @Nullable AccessQuestion question) {
            this.table = table;
            this.question = question;
        }
    }

    /// Adds a listener for the questions whose answers changed. It is called before the marks of the change are
    /// confirmed, on the reading thread, under the lock of the reading. It must not block. When it throws, it is
    /// called again after the next reading.
    public void onChange(Consumer<Set<AccessQuestion>> listener) {
        changeListeners.add(listener);
    }

    // -- called by the thread of the source

    /// Marks a place in the log after which the rights of the table may differ. Does not block.
    ///
    /// @param xid the transaction of the place, of 32 bits
    public RightsMark mark(TableId table, long xid) {
        AtomicReference<RightsMark> mark = new AtomicReference<>();
        // in one step: a table that nothing rests on may be forgotten at any time
        tables.compute(table, (id, known) -> {
            TableMarks marks = known == null ? new TableMarks(id, nanoTime.getAsLong()) : known;
            mark.set(marks.mark(xid, database.latest()));
            return marks;
        });
        return requireNonNull(mark.get());
    }

    /// Marks a place in the log after which the rights of any table may differ. Does not block. Its cost does not
    /// depend on the number of tables.
    ///
    /// @param xid the transaction of the place, of 32 bits
    public void markAll(long xid) {
        database.mark(xid);
    }

    /// Removes the marks of a table that has not changed for long, unless its rights are in use.
    public void unmark(TableId table) {
        tables.computeIfPresent(table, (_, marks) -> {
            if (marks.questions().isEmpty()) {
                marks.retire();
                return null;
            }
            return marks;
        });
    }

    /// Returns the last mark of the table, which covers the marks of all tables.
    public RightsMark latest(TableId table) {
        return marks(table).latest(database.latest());
    }

    private TableMarks marks(TableId table) {
        TableMarks marks = tables.get(table);
        return marks != null ? marks : tables.computeIfAbsent(table, id -> new TableMarks(id, nanoTime.getAsLong()));
    }

    // -- judging

    /// Whether the rights for rows behind the mark are loaded. Also true for a table without any question: what is
    /// asked about it later is read after the mark.
    public boolean isConfirmed(RightsMark mark) {
        TableMarks marks = mark.marks();
        return marks.questions().isEmpty() || (mark.isConfirmed() && isFresh(marks, nanoTime.getAsLong()));
    }

    /// Returns the answer for rows behind the mark, without asking Postgres.
    ///
    /// @return null when no answer is fresh and later than the mark
    public @Nullable Known confirmed(AccessQuestion question, RightsMark mark) {
        Known answer = known.get(question);
        return answer != null && tryUse(answer, mark) ? answer : null;
    }

    /// Uses an earlier result of [#confirmed] again, if it is valid for rows behind the mark. The answer then
    /// counts as used now, and is kept.
    ///
    /// @return false when it must not be used
    public boolean tryUse(Known answer, RightsMark mark) {
        if (answer.forgotten || !mark.isConfirmed()) {
            return false;
        }
        long now = nanoTime.getAsLong();
        if (!isFresh(answer.marks, now)) {
            return false;
        }
        if (now - answer.usedAt > maxAgeNanos) {
            answer.usedAt = now;
        }
        return true;
    }

    /// Returns the access that was read last, without asking Postgres; empty when the table does not exist, or was
    /// not asked about.
    public Optional<TableAccess> known(AccessQuestion question) {
        Known answer = known.get(question);
        TableRights rights = answer == null ? null : answer.rights;
        return rights == null ? Optional.empty() : Optional.of(rights.access());
    }

    private boolean isFresh(TableMarks marks, long now) {
        return now - marks.confirmedAt() <= maxAgeNanos;
    }

    /// Returns the tables in use whose rights could not be confirmed for too long.
    public Set<TableId> staleTables() {
        long now = nanoTime.getAsLong();
        Set<TableId> stale = new HashSet<>();
        for (TableMarks marks : tables.values()) {
            if (!marks.questions().isEmpty() && !isFresh(marks, now)) {
                stale.add(marks.id());
            }
        }
        return stale;
    }

    /// Returns the number of tables with marks or questions.
    int tables() {
        return tables.size();
    }

    // -- asking

    /// Reads the rights, and keeps them up to date from now on. The reading begins after the call, and may answer
    /// other callers too. Blocks.
    ///
    /// @return null when the table does not exist
    public @Nullable TableRights ask(AccessQuestion question) throws SQLException {
        return fulfil(new Request(question.table(), question)).rights;
    }

    /// Returns rights from a reading that began at the given time or later; reads them when there are none. May
    /// block.
    ///
    /// @param since a time of the clock, as from [#now]
    /// @return null when the table does not exist
    public @Nullable TableRights ask(AccessQuestion question, long since) throws SQLException {
        Known answer = known.get(question);
        return answer != null && answer.marks.confirmedAt() - since >= 0 ? answer.rights : ask(question);
    }

    /// Returns the time of the clock, in nanoseconds.
    public long now() {
        return nanoTime.getAsLong();
    }

    /// Reads the rights of a table, which confirms the marks whose transactions the reading shows. The reading
    /// begins after the call. Blocks.
    public void confirm(TableId table) throws SQLException {
        fulfil(new Request(table, null));
    }

    private Request fulfil(Request request) throws SQLException {
        requests.add(request);
        reading.lock();
        try {
            if (!request.answered) {
                read(Set.of());
            }
        } finally {
            reading.unlock();
        }
        if (request.failure != null) {
            throw new SQLException(request.failure);
        }
        return request;
    }

    /// Reads until the rights for rows behind the mark are confirmed, for a bounded time. Blocks.
    ///
    /// @throws SQLException when they are not confirmed in time
    public void await(AccessQuestion question, RightsMark mark, long timeoutNanos)
            throws SQLException, InterruptedException {
        long deadline = nanoTime.getAsLong() + timeoutNanos;
        long pause = RETRY_MIN_NANOS;
        while (confirmed(question, mark) == null) {
            ask(question);
            if (confirmed(question, mark) != null) {
                return;
            }
            if (nanoTime.getAsLong() - deadline > 0) {
                throw new SQLException("the rights of " + question.table() + " cannot be confirmed");
            }
            TimeUnit.NANOSECONDS.sleep(pause);
            pause = Math.min(2 * pause, RETRY_MAX_NANOS);
        }
    }

    // -- watching

    /// Returns the task that keeps the rights up to date. It reads all rights in use each [RightsLimits#poll].
    /// Its thread waits where the connections of the reader declare their waits, also during a reading of another
    /// thread. It makes no progress while a listener hangs.
    ///
    /// @param inUse returns the questions to keep although no caller used them lately
    public Periodic watch(Supplier<Set<AccessQuestion>> inUse) {
        return new Periodic("watch-rights", limits.poll(), activity -> {
            watching = activity;
            try {
                refresh(inUse);
            } catch (SQLException e) {
                log.info("The rights could not be read: {}", e.getMessage());
            }
        });
    }

    /// The time since all rights in use were last read, or since the start.
    public long ageNanos() {
        return nanoTime.getAsLong() - refreshedNanos;
    }

    /// Reads all rights in use. Blocks.
    ///
    /// @param inUse see [#watch]
    public void refresh(Supplier<Set<AccessQuestion>> inUse) throws SQLException {
        reading.lock();
        try {
            forget(nanoTime.getAsLong(), inUse);
            List<TableMarks> used = tables.values().stream()
                    .filter(marks -> !marks.questions().isEmpty())
                    .toList();
            if (!used.isEmpty() || !requests.isEmpty() || database.isPending()) {
                read(used);
            }
            refreshedNanos = nanoTime.getAsLong();
        } finally {
            reading.unlock();
        }
    }

    /// Answers all requests, and reads all questions about their tables and the wanted ones again. Call with the
    /// lock held.
    @GuardedBy("reading")
    private void read(Collection<TableMarks> wanted) throws SQLException {
        List<Request> asked = new ArrayList<>();
        for (Request next = requests.poll(); next != null; next = requests.poll()) {
            asked.add(next);
        }
        try {
            Map<TableMarks, Long> received = new HashMap<>();
            wanted.forEach(marks -> received.put(marks, marks.received()));
            asked.forEach(request -> received.computeIfAbsent(marks(request.table), TableMarks::received));
            Set<AccessQuestion> questions = new HashSet<>();
            received.keySet().forEach(marks -> questions.addAll(marks.questions()));
            asked.stream()
                    .map(request -> request.question)
                    .filter(Objects::nonNull)
                    .forEach(questions::add);
            read(asked, questions, received);
        } catch (SQLException e) {
            asked.forEach(request -> request.failure = e);
            if (asked.isEmpty()) {
                throw e;
            }
        } finally {
            asked.forEach(Rights::finish);
        }
    }

    @GuardedBy("reading")
    private void read(List<Request> asked, Set<AccessQuestion> questions, Map<TableMarks, Long> received)
            throws SQLException {
        long begunAt = nanoTime.getAsLong();
        long databaseReceived = database.latest();
        Reading answer = watching.<Reading, SQLException>carry(() -> reader.read(questions));
        asked.forEach(request -> answer(request, answer, begunAt));
        apply(answer, questions);
        Set<TableId> read = questions.stream().map(AccessQuestion::table).collect(Collectors.toSet());
        received.keySet().removeIf(marks -> !read.contains(marks.id()));
        confirm(answer, received, database.shown(databaseReceived, answer.snapshot()), begunAt);
    }

    /// Finishes a request that the reading left open, for example because it threw.
    private static void finish(Request request) {
        if (!request.answered && request.failure == null) {
            request.failure = new SQLException("the rights could not be read");
        }
        request.answered = true;
    }

    @GuardedBy("reading")
    private void answer(Request request, Reading answer, long begunAt) {
        request.failure = answer.unanswered().get(request.table);
        request.answered = true;
        AccessQuestion question = request.question;
        if (question == null || request.failure != null || !isPlausible(question)) {
            return;
        }
        TableRights rights = answer.rights().get(question);
        if (!mayKeep(question, rights)) {
            return;
        }
        TableMarks marks = inUse(question);
        Known kept = known.computeIfAbsent(question, _ -> {
            absent += rights == null ? 1 : 0;
            return new Known(marks, rights, begunAt);
        });
        kept.usedAt = begunAt;
        request.rights = Objects.equals(kept.rights, rights) ? kept.rights : rights;
    }

    private TableMarks inUse(AccessQuestion question) {
        return requireNonNull(tables.compute(question.table(), (table, marks) -> {
            TableMarks used = marks == null ? new TableMarks(table, nanoTime.getAsLong()) : marks;
            used.questions().add(question);
            return used;
        }));
    }

    /// Whether the names fit into the catalog. Nothing is kept for longer names, which no table or role can have.
    private static boolean isPlausible(AccessQuestion question) {
        return Identifier.fits(question.table().schema())
                && Identifier.fits(question.table().name())
                && Identifier.fits(question.role());
    }

    /// Whether the answer may be kept. Only [#ABSENT_MAX] missing tables are kept; a subscription to another
    /// missing table does not get to know when it is created.
    @GuardedBy("reading")
    private boolean mayKeep(AccessQuestion question, @Nullable TableRights rights) {
        return rights != null || known.containsKey(question) || absent < ABSENT_MAX;
    }

    /// Keeps the answers and calls the listeners. When a listener throws, no mark is confirmed, and all listeners
    /// are called again after the next reading.
    @GuardedBy("reading")
    private void apply(Reading answer, Set<AccessQuestion> questions) {
        for (AccessQuestion question : questions) {
            Known kept = known.get(question);
            TableRights rights = answer.rights().get(question);
            if (kept != null
                    && !answer.unanswered().containsKey(question.table())
                    && !Objects.equals(kept.rights, rights)) {
                absent += (rights == null ? 1 : 0) - (kept.rights == null ? 1 : 0);
                kept.rights = rights;
                untold.add(question);
            }
        }
        if (!untold.isEmpty()) {
            Set<AccessQuestion> changed = Set.copyOf(untold);
            log.info("Rights changed for {}", named(changed));
            changeListeners.forEach(listener -> listener.accept(changed));
            untold.clear();
        }
    }

    /// Confirms marks. Call this after the listeners: behind a confirmed mark, nothing is delivered under earlier
    /// rights.
    private static void confirm(Reading answer, Map<TableMarks, Long> received, long databaseShown, long begunAt) {
        received.forEach((marks, count) -> {
            if (!answer.unanswered().containsKey(marks.id())) {
                boolean settled = !answer.unsettled().contains(marks.id());
                marks.confirm(
                        count, xid -> settled && answer.snapshot().contains(xid), settled ? databaseShown : 0, begunAt);
            }
        });
    }

    private static String named(Set<AccessQuestion> changed) {
        String some =
                changed.stream().limit(NAMED_MAX).map(AccessQuestion::toString).collect(Collectors.joining(", "));
        return changed.size() <= NAMED_MAX ? some : some + " and " + (changed.size() - NAMED_MAX) + " more";
    }

    /// Removes unused answers and tables. Call with the lock held, so that no answer of a reading is removed
    /// before it is kept. Names of tables come from clients, so they must not pile up.
    @GuardedBy("reading")
    private void forget(long now, Supplier<Set<AccessQuestion>> inUse) {
        Set<AccessQuestion> old = new HashSet<>();
        known.forEach((question, answer) -> {
            long limit = answer.rights == null ? ABSENT_FORGOTTEN_AFTER_NANOS : FORGOTTEN_AFTER_NANOS;
            if (now - answer.usedAt > limit) {
                old.add(question);
            }
        });
        if (!old.isEmpty()) {
            old.removeAll(inUse.get());
            old.forEach(question -> {
                Known gone = known.remove(question);
                if (gone != null) {
                    absent -= gone.rights == null ? 1 : 0;
                    gone.forgotten = true;
                    gone.marks.questions().remove(question);
                }
            });
        }
        tables.forEach((table, _) -> tables.computeIfPresent(table, (_, marks) -> marks.isUsed() ? marks : null));
    }
}
