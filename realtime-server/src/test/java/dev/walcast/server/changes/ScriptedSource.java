package dev.walcast.server.changes;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.Transaction;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A log that a test writes, and a slot on it. Changes that are not acknowledged come again on the next path.
final class ScriptedSource {
    static final String EPOCH = "0123456789ab";

    private final List<Scripted> log = Collections.synchronizedList(new ArrayList<>());
    private TreeMap<Lsn, Boolean> handled = new TreeMap<>();
    private Lsn confirmed = new Lsn(0x100);
    private Lsn remembered = confirmed;
    private String epoch = EPOCH;
    private long end = confirmed.value();

    /// A committed transaction.
    record Scripted(Commit commit, List<Change> changes, boolean inMemory) {}

    /// The writes of a transaction, before its place in the log is known.
    interface Deed {
        Change at(Position position, Commit commit);
    }

    /// @param timeMicros the commit time, not before the last one's
    /// @param rows       each becomes an INSERT, an UPDATE or a DELETE by its place
    Scripted commit(long timeMicros, List<Row> rows, boolean inMemory) {
        List<Deed> deeds = new ArrayList<>();
        for (Row row : rows) {
            Table table = row.table();
            deeds.add(
                    switch (deeds.size() % 3) {
                        case 0 -> (position, commit) -> new Change.Insert(table, position, commit, row);
                        case 1 -> (position, commit) -> new Change.Update(table, position, commit, row, row);
                        default -> (position, commit) -> new Change.Delete(table, position, commit, row);
                    });
        }
        return commit(end + size(deeds), timeMicros, deeds, inMemory);
    }

    synchronized Scripted commit(long xid, long timeMicros, List<Deed> deeds, boolean inMemory) {
        end += size(deeds);
        Commit commit = new Commit(new Lsn(end), xid, timeMicros);
        List<Change> changes = new ArrayList<>();
        for (Deed deed : deeds) {
            changes.add(deed.at(new Position(commit.lsn(), changes.size()), commit));
        }
        Scripted transaction = new Scripted(commit, changes, inMemory);
        log.add(transaction);
        return transaction;
    }

    private static long size(List<Deed> deeds) {
        return 8 + 8L * deeds.size();
    }

    /// Begins a server's life: it receives all that the slot still holds.
    void attach(ChangePath path, long timeMicros) {
        synchronized (this) {
            handled = new TreeMap<>();
        }
        Lsn from = confirmed();
        Lsn reach = new Lsn(end);
        path.begin(new FeedStart(epoch, true, from, remembered.isAfter(from) ? remembered : from, reach));
        commit(timeMicros, List.of(), true);
        for (Scripted transaction : List.copyOf(log)) {
            if (transaction.commit().lsn().isAfter(from)) {
                deliver(path, transaction);
            }
        }
    }

    /// Loses the slot and creates a new one: what is in the log so far will not come.
    ///
    /// @return the place after which transactions come again
    Lsn renew(ChangePath path, String fresh) {
        Lsn from = end();
        synchronized (this) {
            handled = new TreeMap<>();
            epoch = fresh;
            confirmed = from;
            remembered = from;
        }
        path.begin(new FeedStart(fresh, false, from, from, from));
        return from;
    }

    void deliver(ChangePath path, Scripted scripted) {
        deliver(path, scripted, List.of());
    }

    /// @param unread tables of which the transaction has rows that the reader could not read
    void deliver(ChangePath path, Scripted scripted, List<SetAsideTable> unread) {
        Lsn lsn = scripted.commit().lsn();
        TreeMap<Lsn, Boolean> own;
        synchronized (this) {
            own = handled;
            own.put(lsn, false);
        }
        path.deliver(new Transaction() {
            @Override
            public Commit commit() {
                return scripted.commit();
            }

            @Override
            public boolean inMemory() {
                return scripted.inMemory();
            }

            @Override
            public Collection<Table> tables() {
                return scripted.changes().stream().map(Change::table).distinct().toList();
            }

            @Override
            public boolean announcesRights() {
                return false;
            }

            @Override
            public Collection<SetAsideTable> setAside() {
                return unread;
            }

            @Override
            public void forEach(Consumer<Change> action) {
                scripted.changes().forEach(action);
            }

            @Override
            public Runnable defer() {
                return () -> handled(lsn, own);
            }
        });
    }

    /// Ignores acknowledgements of a former server.
    @SuppressWarnings("ReferenceEquality")
    private synchronized void handled(Lsn lsn, TreeMap<Lsn, Boolean> own) {
        if (own != handled) {
            return;
        }
        handled.replace(lsn, true);
        while (!handled.isEmpty() && handled.firstEntry().getValue()) {
            confirmed = handled.pollFirstEntry().getKey();
        }
        if (confirmed.isAfter(remembered)) {
            throw new AssertionError(confirmed + " is acknowledged but only " + remembered + " remembered");
        }
    }

    /// Does what the server's keeper does once a second.
    int keep(ChangePath path, long walBytesMax) {
        Lsn delivered = path.deliveredThrough();
        synchronized (this) {
            remembered = delivered.isAfter(remembered) ? delivered : remembered;
        }
        return path.settle(delivered, new Lsn(end), walBytesMax);
    }

    /// Where the next transaction begins.
    synchronized Lsn end() {
        return new Lsn(end);
    }

    synchronized Lsn confirmed() {
        return confirmed;
    }

    List<Scripted> log() {
        return List.copyOf(log);
    }
}
