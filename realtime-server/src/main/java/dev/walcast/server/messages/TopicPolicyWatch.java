package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.catalog.PgSnapshots;
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

/// Detects that rights on private topics may have changed. Reads the catalog at intervals, and each row of the feed.
/// Safe for any thread.
///
/// It only makes rechecks happen earlier. For changes that it cannot see, or while it cannot ask, `PRIVATE_RECHECK`
/// bounds how long an old right is used.
public final class TopicPolicyWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TopicPolicyWatch.class);

    /// The pause before it looks again for a transaction that the log has announced and other sessions do not see
    /// yet.
    private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

    /// At this number the oldest are forgotten: they are the likeliest to be visible.
    private static final int COMMITS_MAX = 1_024;

    private static final int DESCRIBED_MAX = 1_000;

    private final DataSource catalog;
    private final Duration every;
    private final Runnable onChange;
    private final Object lock = new Object();
    private volatile @Nullable TopicPolicies known;
    private volatile @Nullable Supervised supervised;

    @GuardedBy("lock")
    private final LinkedHashSet<Long> commits = new LinkedHashSet<>();

    @GuardedBy("lock")
    private boolean closed;

    // belongs to the thread
    private boolean failing;

    // belongs to the source's thread; a table whose entry is removed is compared once more
    private final Map<TableId, Table> described = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Table> eldest) {
            return size() > DESCRIBED_MAX;
        }
    };

    /// @param every    how often to read the catalog
    /// @param onChange called by this watch's thread when rights may have changed; must not block. Questions that
    ///                 begin after the call see the change.
    public TopicPolicyWatch(DataSource catalog, Duration every, Runnable onChange) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.every = requireNonNull(every, "every is null");
        this.onChange = requireNonNull(onChange, "onChange is null");
    }

    public void start(Supervisor supervisor) {
        supervised = supervisor.startObserved("watch-topic-policies", this::run);
    }

    // -- calls of the feed

    /// The tables that the policies of `realtime.messages` read, as far as Postgres records it: not those that a
    /// function with a quoted body reads. Empty before the first look.
    public Set<TableId> tablesRead() {
        TopicPolicies now = known;
        return now == null ? Set.of() : now.tables();
    }

    /// Reports that this transaction changed a row of this table. Never blocks.
    public void onRow(Table table, Commit commit) {
        Set<TableId> tables = tablesRead();
        if (!tables.isEmpty() && (tables.contains(table.root()) || tables.contains(table.id()))) {
            await(commit.xid());
        }
    }

    /// Reports the tables that a transaction changed, as the log describes them. A new description of a table that
    /// decides about private topics may mean other rights. By the source's thread; never blocks.
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

    /// Returns when this is closed. The catalog's connections declare what it waits for.
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
                pause(waits ? System.nanoTime() + LOOK_AGAIN.toNanos() : lookedNanos + every.toNanos(), waits);
            }
        }
    }

    /// @param waits whether commits are waiting to become visible, so that only time passes
    private void pause(long untilNanos, boolean waits) throws InterruptedException {
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
    /// @return whether some are not visible yet
    private boolean lookForCommits() {
        List<Long> waiting;
        synchronized (lock) {
            waiting = List.copyOf(commits);
        }
        if (waiting.isEmpty()) {
            return false;
        }
        try {
            PgSnapshot now = PgSnapshots.now(catalog);
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
            log.info("The policies of private topics can be read again");
        }
        failing = false;
    }

    private void failed(SQLException e) {
        if (!failing && !isClosed()) {
            log.warn("The policies of private topics cannot be read: {}", e.getMessage());
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
