package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.rls.Moment;
import dev.walcast.rls.catalog.Moments;
import dev.walcast.rls.topic.TopicPolicies;
import dev.walcast.server.setup.Installation;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Notices that rights on private topics may have changed: looks at the catalog once in a while, and at each row of the
/// feed. Safe for any thread.
///
/// It only makes rechecks come earlier. Where it cannot see a change, or cannot ask, `PRIVATE_RECHECK` bounds how long
/// a right goes on.
public final class TopicPolicyWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicPolicyWatch.class);

    /// How soon to look again for a transaction that the log has told of and others do not see yet.
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /// Beyond these the oldest are forgotten: they are the likeliest to be visible.
    private static final int COMMITS_MAX = 1_024;

    private static final int DESCRIBED_MAX = 1_000;

    private final DataSource catalog;
    private final Duration every;
    private final Runnable onChange;
    private final Object lock = new Object();
    private volatile @Nullable TopicPolicies known;
    private volatile @Nullable Supervised supervised;

    // guarded by lock
    private final LinkedHashSet<Long> commits = new LinkedHashSet<>();
    private boolean closed;

    // belongs to the thread
    private boolean failing;

    // belongs to the source's thread; forgets the eldest, which is then looked at once more
    private final Map<TableId, Table> described = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Table> eldest) {
            return size() > DESCRIBED_MAX;
        }
    };

    /// @param every    how often to look at the catalog
    /// @param onChange called by this watch's thread when rights may have changed; does not block. Questions that
    ///                 begin after the call see the change.
    public TopicPolicyWatch(DataSource catalog, Duration every, Runnable onChange) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.every = requireNonNull(every, "every is null");
        this.onChange = requireNonNull(onChange, "onChange is null");
    }

    public void start(Supervisor supervisor) {
        supervised = supervisor.startObserved("watch-topic-policies", this::run);
    }

    // -- what the feed tells

    /// The tables whose rows the policies of `realtime.messages` read, as far as Postgres knows: not those that a
    /// function with a body in quotes reads. Empty before the first look.
    public Set<TableId> tablesRead() {
        TopicPolicies now = known;
        return now == null ? Set.of() : now.tables();
    }

    /// A row of this table was changed by this transaction. Never blocks.
    public void onRow(Table table, Commit commit) {
        Set<TableId> tables = tablesRead();
        if (!tables.isEmpty() && (tables.contains(table.root()) || tables.contains(table.id()))) {
            await(commit.xid());
        }
    }

    /// The tables that a transaction changed, as the log describes them: another description of one that decides about
    /// private topics may mean other rights. By the source's thread; never blocks.
    @SuppressWarnings("ReferenceEquality") // another instance is another description
    public void onTables(Collection<Table> tables, Commit commit) {
        for (Table table : tables) {
            boolean decides = table.root().equals(Installation.MESSAGES)
                    || tablesRead().contains(table.root())
                    || tablesRead().contains(table.id());
            if (decides && described.put(table.id(), table) != table) {
                await(commit.xid());
            }
        }
    }

    private void await(long xid) {
        synchronized (lock) {
            if (commits.add(xid)) {
                if (commits.size() > COMMITS_MAX) {
                    commits.removeFirst();
                }
                lock.notifyAll();
            }
        }
    }

    // -- the thread

    /// Ends when it is closed. The catalog's connections declare what it waits for.
    void run(TaskActivity activity) throws InterruptedException {
        long lookedNanos = System.nanoTime() - every.toNanos();
        while (!isClosed()) {
            if (System.nanoTime() - lookedNanos >= every.toNanos()) {
                lookedNanos = System.nanoTime();
                look();
            }
            boolean waits = lookForCommits();
            // bound: RIGHTS_POLL
            try (TaskActivity.Span _ = activity.waits()) {
                rest(waits ? System.nanoTime() + LOOK_AGAIN.toNanos() : lookedNanos + every.toNanos(), waits);
            }
        }
    }

    /// @param waits whether some commits are known already, so that only time is waited for
    private void rest(long untilNanos, boolean waits) throws InterruptedException {
        synchronized (lock) {
            long left = untilNanos - System.nanoTime();
            while (left > 0 && !closed && (waits || commits.isEmpty())) {
                lock.wait(left / 1_000_000 + 1);
                left = untilNanos - System.nanoTime();
            }
        }
    }

    private void look() {
        try {
            TopicPolicies now = TopicPolicies.read(catalog);
            TopicPolicies before = known;
            known = now;
            succeeded();
            if (!now.equals(before)) {
                onChange.run();
            }
        } catch (SQLException e) {
            failed(e);
        }
    }

    /// Reports the commits that are visible by now.
    ///
    /// @return whether some are not
    private boolean lookForCommits() {
        List<Long> waiting;
        synchronized (lock) {
            waiting = List.copyOf(commits);
        }
        if (waiting.isEmpty()) {
            return false;
        }
        try {
            Moment now = Moments.now(catalog);
            List<Long> visible = waiting.stream().filter(now::contains).toList();
            succeeded();
            if (!visible.isEmpty()) {
                onChange.run();
            }
            synchronized (lock) {
                visible.forEach(commits::remove);
            }
            return visible.size() < waiting.size();
        } catch (SQLException e) {
            failed(e);
            return true;
        }
    }

    private void succeeded() {
        if (failing) {
            log.info("The policies of private topics can be looked at again");
        }
        failing = false;
    }

    private void failed(SQLException e) {
        if (!failing && !isClosed()) {
            log.warn("The policies of private topics cannot be looked at: {}", e.getMessage());
        }
        failing = true;
    }

    private boolean isClosed() {
        synchronized (lock) {
            return closed;
        }
    }

    @Override
    public void close() {
        Supervised task = supervised;
        if (task != null) {
            task.expectEnd();
        }
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
    }
}
