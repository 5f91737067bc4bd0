package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.ReaderFailure;
import dev.walcast.cdc.types.ColumnNumbers.LogPosition;
import dev.walcast.cdc.types.PartitionRoots;
import dev.walcast.cdc.types.TableDefinitions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The tables that the stream has described, by oid, each as it was described last. Used by the reader's thread
/// only.
final class Relations {
    private static final Logger log = LoggerFactory.getLogger(Relations.class);
    private static final int IN_IDENTITY = 1;

    private final TableDefinitions definitions;
    private final PartitionRoots roots;
    private final DroppedTables dropped;
    private final Map<Integer, Described> tables = new HashMap<>();
    private final Map<Integer, LeftOut> leftOut = new HashMap<>();
    private long transaction;
    private long xid;
    private Lsn transactionEnd = Lsn.ZERO;
    private Lsn at = Lsn.ZERO;

    /// A table that cannot be read, and the reason.
    record LeftOut(TableId table, String reason) {}

    /// A table as it was described last.
    ///
    /// @param isPartitioned whether it is published in place of its partitions
    /// @param transaction   the transaction in which this instance was created
    record Described(Table table, boolean isPartitioned, long transaction) {
        Described renewed(long now) {
            return new Described(table.renewed(), isPartitioned, now);
        }

        Described with(List<Column> columns, long now) {
            Table fresh = new Table(table.id(), table.root(), table.oid(), columns);
            return new Described(table.isShapedLike(fresh) ? table.renewed() : fresh, isPartitioned, now);
        }
    }

    Relations(TableDefinitions definitions, PartitionRoots roots, DroppedTables dropped) {
        this.definitions = requireNonNull(definitions, "definitions is null");
        this.roots = requireNonNull(roots, "roots is null");
        this.dropped = requireNonNull(dropped, "dropped is null");
    }

    /// Reads the body of a Relation message. Postgres repeats it after anything about the table may have
    /// changed, and also when nothing differs; the table is another instance then. A table that cannot be read
    /// is left out until it is described again.
    ///
    /// @throws SQLException when the catalog cannot be queried
    void describe(WireBytes message) throws SQLException {
        int oid = message.int32();
        leftOut.remove(oid);
        TableId id = unnamed(oid);
        try {
            String schema = message.zeroTerminated();
            id = new TableId(schema.isEmpty() ? "pg_catalog" : schema, message.zeroTerminated());
            message.tag(); // the kind of identity; the columns' flags are more precise
            PartitionRoots.PartitionRoot place = roots.of(id);
            describe(oid, new Described(table(id, place, oid, message), place.isPartitioned(), transaction));
        } catch (SQLException e) {
            if (ReaderFailure.isConnectionFailure(e)) {
                throw e;
            }
            leaveOut(oid, id, e);
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            leaveOut(oid, id, e);
        }
        dropped.described(oid);
    }

    private void describe(int oid, Described fresh) {
        tables.merge(
                oid,
                fresh,
                (known, _) -> known.table.isShapedLike(fresh.table)
                        ? new Described(known.table.renewed(), fresh.isPartitioned, transaction)
                        : fresh);
    }

    /// Leaves out a table whose change could not be read.
    void leaveOut(int oid, Throwable failure) {
        Described known = tables.get(oid);
        leaveOut(oid, known == null ? unnamed(oid) : known.table.id(), failure);
    }

    private void leaveOut(int oid, TableId id, Throwable failure) {
        log.debug("{} cannot be read", id, failure);
        leftOut.put(oid, new LeftOut(id, "the reader failed: " + failure));
    }

    private static TableId unnamed(int oid) {
        return new TableId("", "oid " + Integer.toUnsignedString(oid));
    }

    /// Returns why the table is left out; null when it is read.
    @Nullable
    LeftOut leftOut(int oid) {
        return leftOut.get(oid);
    }

    /// Begins a transaction.
    ///
    /// @param end the begin of the transaction's commit record
    void begin(long xid, Lsn end) {
        transaction++;
        this.xid = xid;
        this.transactionEnd = end;
    }

    /// Sets the position in the log of what follows.
    void at(Lsn place) {
        at = place;
    }

    /// Must be called when a transaction is complete, so that dropped tables can be forgotten.
    void committed(Lsn end) throws SQLException {
        dropped.removeFrom(tables, end);
    }

    private Table table(TableId id, PartitionRoots.PartitionRoot place, int oid, WireBytes message)
            throws SQLException {
        return new Table(id, place.root(), Integer.toUnsignedLong(oid), columns(oid, message));
    }

    private List<Column> columns(int oid, WireBytes message) throws SQLException {
        int count = message.int16();
        List<TableDefinitions.Described> columns = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            boolean identity = (message.tag() & IN_IDENTITY) != 0;
            String name = message.zeroTerminated();
            long type = Integer.toUnsignedLong(message.int32());
            message.int32(); // the type's modifier: the text has it applied
            columns.add(new TableDefinitions.Described(name, type, identity));
        }
        return definitions.columns(Integer.toUnsignedLong(oid), columns, place());
    }

    private LogPosition place() {
        return new LogPosition(xid, transactionEnd);
    }

    /// Returns the table. A partitioned table has another instance in each transaction, and a table has another
    /// one after more is known of its columns.
    Table table(int oid) throws SQLException {
        Described described =
                requireNonNull(tables.get(oid), () -> "table " + Integer.toUnsignedString(oid) + " was not described");
        if (definitions.checkOutdated(described.table, place())) {
            described = described.with(definitions.columns(described.table, place()), transaction);
            tables.put(oid, described);
        } else if (described.isPartitioned && described.transaction != transaction) {
            described = described.renewed(transaction);
            tables.put(oid, described);
        }
        return described.table;
    }

    /// Returns the columns whose values in the current change cannot be read exactly.
    BitSet inexact(Table table) throws SQLException {
        return definitions.inexact(table, new LogPosition(xid, at));
    }
}
