package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.types.ColumnNumbers.LogPosition;
import dev.walcast.cdc.types.PartitionRoots;
import dev.walcast.cdc.types.TableDefinitions;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// The tables of the feed, each as it was described last. Used by the reader's thread only.
///
/// Debezium builds a table's schema again, without comparing it, whenever Postgres sends a Relation message:
/// `PgOutputMessageDecoder.handleRelationMessage` always ends in `PostgresSchema.applySchemaChangesForTable`,
/// which calls `TableSchemaBuilder.create`. It never does so by itself: `PgOutputReplicationMessage` turns off
/// the comparison with the row (`shouldSchemaBeSynchronized`). It keeps one schema for each table's name, puts
/// it into every record, and its queue keeps the order. So another instance of the schema means that Postgres
/// has described the table again, and a replaced instance does not return. If one did, the table would only be
/// renewed once more.
///
/// The table's oid, its columns with their types, and the replica identity come with the record
/// ([ColumnLabel]), so they are those of the moment when the change was written. The catalog is asked for the
/// root of the partition tree when a version is first seen.
final class TableCatalog {
    /// The most tables that are remembered. A forgotten table is renewed at its next change, as if Postgres had
    /// described it.
    private static final int TABLES_MAX = 10_000;

    private final TableDefinitions definitions;
    private final PartitionRoots roots;
    private final Map<TableId, Version> latest = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Version> eldest) {
            return size() > TABLES_MAX;
        }
    };

    private long transaction;

    /// A table as it was described last.
    ///
    /// @param schema        the schema from which it was created
    /// @param isPartitioned whether it is published in place of its partitions
    /// @param transaction   the transaction in which this instance was created
    private record Version(Schema schema, Table table, boolean isPartitioned, long transaction) {
        Version with(List<Column> columns, long now) {
            Table fresh = new Table(table.id(), table.root(), table.oid(), columns);
            return new Version(schema, table.isShapedLike(fresh) ? table.renewed() : fresh, isPartitioned, now);
        }
    }

    TableCatalog(CatalogConnection catalog, String slotName) {
        this.definitions = new TableDefinitions(catalog, slotName);
        this.roots = new PartitionRoots(catalog);
    }

    void begin() {
        transaction++;
    }

    /// Returns the record's table. A partitioned table has another instance in each transaction.
    ///
    /// @param known     the table's name in Debezium
    /// @param rowSchema the schema of the record's `before` and `after`
    Table table(SourceRecord record, TableId known, Schema rowSchema) throws SQLException {
        Version version = latest.get(known);
        if (version == null || isDescribedAgain(version, rowSchema)) {
            version = describe(record, known, rowSchema, version);
            latest.put(known, version);
        } else if (definitions.checkOutdated(version.table, place(record))) {
            version = version.with(definitions.columns(version.table, place(record)), transaction);
            latest.put(known, version);
        } else if (version.isPartitioned && version.transaction != transaction) {
            version = new Version(rowSchema, version.table.renewed(), true, transaction);
            latest.put(known, version);
        }
        return version.table;
    }

    /// Returns the columns whose values in the record cannot be read exactly.
    BitSet inexact(SourceRecord record, Table table) throws SQLException {
        return definitions.inexact(table, place(record));
    }

    private static LogPosition place(SourceRecord record) {
        Struct source = ((Struct) record.value()).getStruct("source");
        return new LogPosition(source.getInt64("txId"), new Lsn(source.getInt64("lsn")));
    }

    @SuppressWarnings("ReferenceEquality") // another instance means that there was a Relation message
    private static boolean isDescribedAgain(Version known, Schema rowSchema) {
        return known.schema != rowSchema;
    }

    private Version describe(SourceRecord record, TableId knownAs, Schema rowSchema, @Nullable Version known)
            throws SQLException {
        List<ColumnLabel> labels =
                rowSchema.fields().stream().map(TableCatalog::label).toList();
        TableId id = id(rowSchema, knownAs);
        long oid = labels.isEmpty() ? Table.UNKNOWN_OID : labels.getFirst().tableOid();
        PartitionRoots.PartitionRoot root = roots.of(id);
        List<TableDefinitions.Described> described = labels.stream()
                .map(label -> new TableDefinitions.Described(label.column(), label.typeOid(), label.inIdentity()))
                .toList();
        Table fresh = new Table(id, root.root(), oid, definitions.columns(oid, described, place(record)));
        Table table = known != null && known.table.isShapedLike(fresh) ? known.table.renewed() : fresh;
        return new Version(rowSchema, table, root.isPartitioned(), transaction);
    }

    /// Returns the true name of a table. A table without columns has no row that could carry it.
    static TableId id(Schema rowSchema, TableId knownAs) {
        List<Field> fields = rowSchema.fields();
        return fields.isEmpty() ? knownAs : label(fields.getFirst()).table();
    }

    private static ColumnLabel label(Field field) {
        return ColumnLabel.parse(requireNonNull(field.schema().parameters().get(TextConverter.LABEL)));
    }
}
