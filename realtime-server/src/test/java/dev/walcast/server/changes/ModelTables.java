package dev.walcast.server.changes;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A model of Postgres' tables: versions of rows, each with the transaction that created it and the one that ended
/// it. A transaction is in the log for a while before others see it, and releases its row locks only then.
///
/// A reading names the moment of its snapshot in a generated column, so that its client knows which one it was.
final class ModelTables implements RowReader {
    private final ScriptedSource source;
    private final LongSupplier timeMicros;
    private final Random pace;

    // guarded by this
    private final Map<Table, List<Version>> versions = new HashMap<>();
    private final Map<Key, Writer> locks = new HashMap<>();
    private final TreeMap<Long, Writer> running = new TreeMap<>();
    private final Set<Long> ended = new HashSet<>();
    private final List<Shown> moments = new ArrayList<>();
    private final Map<Lsn, Long> logged = new HashMap<>();
    private long nextXid;
    private long latestEnded;

    /// A row.
    ///
    /// @param v of this version only
    record Item(long id, long n, String v) {
        static Item of(Row row) {
            return new Item(
                    ModelDatabase.id(row), Long.parseLong(String.valueOf(row.text(2))), String.valueOf(row.text(1)));
        }

        Row row(Table table) {
            return Row.of(table)
                    .text(0, Long.toString(id))
                    .text(1, v)
                    .text(2, Long.toString(n))
                    .build();
        }
    }

    private record Key(Table table, long id) {}

    private static final class Version {
        private final Item item;
        private final long made;
        private long ended;

        Version(Item item, long made) {
            this.item = item;
            this.made = made;
        }
    }

    /// A moment, and the transactions that it shows.
    record Shown(PgSnapshot moment, Set<Long> xids) {}

    /// A transaction that has not ended.
    final class Writer {
        private final long xid;
        private final List<ScriptedSource.Deed> deeds = new ArrayList<>();
        private boolean isLogged;

        private Writer(long xid) {
            this.xid = xid;
        }

        boolean isLogged() {
            return isLogged;
        }
    }

    /// @param firstXid with its epoch; the log has the lower 32 bits
    ModelTables(ScriptedSource source, LongSupplier timeMicros, long firstXid, long seed) {
        this.source = source;
        this.timeMicros = timeMicros;
        this.nextXid = firstXid;
        this.latestEnded = firstXid - 1;
        this.pace = new Random(seed);
    }

    // -- writers

    synchronized Writer begin() {
        Writer writer = new Writer(nextXid++);
        running.put(writer.xid, writer);
        return writer;
    }

    /// Inserts, changes or deletes the row, unless another writer has locked it.
    synchronized void write(Writer writer, Table table, long id, Random random) {
        if (!locks(writer, table, id)) {
            return;
        }
        Version old = newest(table, id);
        if (old == null) {
            Item item = made(writer, table, id, random.nextInt(4));
            writer.deeds.add((position, commit) -> new Change.Insert(table, position, commit, item.row(table)));
        } else if (random.nextInt(3) == 0) {
            old.ended = writer.xid;
            writer.deeds.add((position, commit) -> new Change.Delete(table, position, commit, old.item.row(table)));
        } else {
            long moved = id + (random.nextInt(6) == 0 ? 1 : 0);
            boolean moves = moved != id && locks(writer, table, moved) && newest(table, moved) == null;
            old.ended = writer.xid;
            Item item = made(writer, table, moves ? moved : id, random.nextInt(4));
            writer.deeds.add((position, commit) ->
                    new Change.Update(table, position, commit, old.item.row(table), item.row(table)));
        }
    }

    private boolean locks(Writer writer, Table table, long id) {
        Writer owner = locks.putIfAbsent(new Key(table, id), writer);
        return owner == null || owner.equals(writer);
    }

    private @Nullable Version newest(Table table, long id) {
        return versions(table)
                .filter(version -> version.item.id == id && version.ended == 0)
                .findFirst()
                .orElse(null);
    }

    private Item made(Writer writer, Table table, long id, long n) {
        Item item = new Item(id, n, writer.xid + "." + writer.deeds.size());
        versions.computeIfAbsent(table, _ -> new ArrayList<>()).add(new Version(item, writer.xid));
        return item;
    }

    private Stream<Version> versions(Table table) {
        return versions.getOrDefault(table, List.of()).stream();
    }

    /// Puts its commit into the log; others do not see it yet.
    synchronized void log(Writer writer, boolean inMemory) {
        ScriptedSource.Scripted transaction =
                source.commit(writer.xid & 0xFFFF_FFFFL, timeMicros.getAsLong(), writer.deeds, inMemory);
        logged.put(transaction.commit().lsn(), writer.xid);
        writer.isLogged = true;
    }

    /// Makes the writes visible, when they are in the log, or undoes them.
    synchronized void end(Writer writer) {
        if (writer.isLogged) {
            ended.add(writer.xid);
        } else {
            undo(writer.xid);
        }
        running.remove(writer.xid);
        latestEnded = Math.max(latestEnded, writer.xid);
        locks.values().removeIf(writer::equals);
    }

    private void undo(long xid) {
        for (List<Version> table : versions.values()) {
            table.removeIf(version -> version.made == xid);
            table.stream().filter(version -> version.ended == xid).forEach(version -> version.ended = 0);
        }
    }

    // -- readers

    /// @return its number
    private synchronized int take() {
        long xmax = latestEnded + 1;
        Set<Long> between = Set.copyOf(running.headMap(xmax).keySet());
        long xmin = between.stream().min(Long::compare).orElse(xmax);
        Shown shown = new Shown(new PgSnapshot(xmin, xmax, between, Lsn.ZERO), Set.copyOf(ended));
        moments.add(shown);
        return moments.size() - 1;
    }

    synchronized Shown moment(int number) {
        return moments.get(number);
    }

    /// The transactions that every session sees now.
    synchronized Set<Long> shownNow() {
        return Set.copyOf(ended);
    }

    /// The id of the transaction that was committed there; 0 when it changed nothing.
    synchronized long xid(Lsn commit) {
        return logged.getOrDefault(commit, 0L);
    }

    /// The rows of a table in a snapshot with these transactions.
    synchronized List<Item> seen(Table table, Set<Long> shown) {
        return versions(table)
                .filter(version -> shown.contains(version.made) && !shown.contains(version.ended))
                .map(version -> version.item)
                .toList();
    }

    @Override
    public Reading open(RowQuery query) {
        int number = take();
        Shown shown = moment(number);
        rest();
        // As in Postgres its place in the log is taken after it.
        PgSnapshot moment = new PgSnapshot(
                shown.moment().xmin(), shown.moment().xmax(), shown.moment().running(), source.end());
        Table table = query.access().table().equals(ModelDatabase.BUSY.id()) ? ModelDatabase.BUSY : ModelDatabase.QUIET;
        rest();
        Iterator<Row> rows = rows(query, table, shown).iterator();
        return new Reading() {
            @Override
            public PgSnapshot snapshot() {
                return moment;
            }

            @Override
            public Table table() {
                return table;
            }

            @Override
            public List<String> generated() {
                return List.of("moment " + number);
            }

            @Override
            public @Nullable Row next() {
                rest();
                return rows.hasNext() ? rows.next() : null;
            }

            @Override
            public void close() {}
        };
    }

    private List<Row> rows(RowQuery query, Table table, Shown shown) {
        Comparator<Item> order = query.order().stream()
                .map(part -> {
                    Comparator<Item> by =
                            Comparator.comparingLong(item -> part.column().equals("n") ? item.n : item.id);
                    return part.descending() ? by.reversed() : by;
                })
                .reduce(Comparator::thenComparing)
                .orElse((_, _) -> 0);
        return seen(table, shown.xids()).stream()
                .sorted(order)
                .map(item -> item.row(table))
                .filter(row -> query.filter().test(row, (_, asked) -> ModelDatabase.answer(asked)) == Truth.TRUE)
                .limit(query.limit())
                .toList();
    }

    private void rest() {
        int nanos;
        synchronized (this) {
            nanos = pace.nextInt(4) == 0 ? pace.nextInt(200_000) : 0;
        }
        LockSupport.parkNanos(nanos);
    }

    @Override
    public synchronized void moveOn() {
        Writer message = begin();
        log(message, true);
        end(message);
    }
}
