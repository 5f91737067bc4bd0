package dev.walcast.cdc.debezium;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.CatalogConnection;
import dev.walcast.cdc.source.PartitionRoots;
import dev.walcast.cdc.types.ColumnNumbers.Place;
import dev.walcast.cdc.types.ReplicaIdentities;
import dev.walcast.cdc.types.ReplicaIdentities.Identity;
import dev.walcast.cdc.types.TableDefinitions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// The tables of the feed, each as it was described last. Belongs to the reader's thread.
///
/// Debezium builds a table's schema anew, without comparing it, whenever Postgres sends a Relation message: its
/// `PgOutputMessageDecoder.handleRelationMessage` always ends in `PostgresSchema.applySchemaChangesForTable`,
/// and that in
/// `TableSchemaBuilder.create`. It does nothing of this kind by itself: `PgOutputReplicationMessage` turns off the
/// comparison with the row (`shouldSchemaBeSynchronized`). It holds one schema for each table's name, puts that into
/// every record, and its queue keeps the order. So another instance of the schema means that Postgres has described the
/// table again, and an instance that was replaced does not come back. If one did, the table would be renewed once more.
///
/// Columns and types come with the record, so they are those of the moment when the change was written. Which columns
/// make up the replica identity, and whose partition it is, is asked of the catalog when a version is first seen; an
/// identity that may be younger than the change is not relied on.
final class TableCatalog {
    /// A table beyond this number is renewed at its next change, as if Postgres had described it.
    private static final int TABLES_MAX = 10_000;

    private final TableDefinitions definitions;
    private final PartitionRoots roots;
    private final Incarnations incarnations;
    private final ReplicaIdentities identities;
    private final Map<TableId, Version> latest = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<TableId, Version> eldest) {
            return size() > TABLES_MAX;
        }
    };

    private long transaction;

    /// A table as it was described last.
    ///
    /// @param schema        what it was made of
    /// @param isPartitioned whether it stands for its partitions
    /// @param transaction   in which it became this instance
    /// @param hasProvenIdentity whether its replica identity is that of the log
    private record Version(
            Schema schema, Table table, boolean isPartitioned, boolean hasProvenIdentity, long transaction) {
        Version with(List<Column> columns, long now) {
            Table fresh = new Table(table.id(), table.root(), table.oid(), columns);
            return new Version(
                    schema, table.isShapedLike(fresh) ? table.renewed() : fresh, isPartitioned, hasProvenIdentity, now);
        }
    }

    TableCatalog(CatalogConnection catalog, String slotName) {
        this.definitions = new TableDefinitions(catalog, slotName);
        this.roots = new PartitionRoots(catalog);
        this.incarnations = new Incarnations(catalog);
        this.identities = new ReplicaIdentities(catalog, slotName);
    }

    void begin() {
        transaction++;
    }

    /// The record's table, which is another instance in each transaction if it is partitioned.
    ///
    /// @param rowSchema the schema of the record's `before` and `after`
    Table table(SourceRecord record, TableId id, Schema rowSchema) throws SQLException {
        Version known = latest.get(id);
        if (known == null || isDescribedAgain(known, rowSchema) || mayBeProven(known, record)) {
            known = describe(record, id, rowSchema, known);
            latest.put(id, known);
        } else if (definitions.isOutdated(known.table, place(record))) {
            known = known.with(definitions.columns(known.table, place(record)), transaction);
            latest.put(id, known);
        } else if (known.isPartitioned && known.transaction != transaction) {
            known = new Version(rowSchema, known.table.renewed(), true, known.hasProvenIdentity, transaction);
            latest.put(id, known);
        }
        return known.table;
    }

    /// The columns whose values in the record cannot be read exactly.
    BitSet inexact(SourceRecord record, Table table) throws SQLException {
        return definitions.inexact(table, place(record));
    }

    private static Place place(SourceRecord record) {
        Struct source = ((Struct) record.value()).getStruct("source");
        return new Place(source.getInt64("txId"), new Lsn(source.getInt64("lsn")));
    }

    @SuppressWarnings("ReferenceEquality") // that is how Debezium tells of a Relation message
    private static boolean isDescribedAgain(Version known, Schema rowSchema) {
        return known.schema != rowSchema;
    }

    private Version describe(SourceRecord record, TableId id, Schema rowSchema, @Nullable Version known)
            throws SQLException {
        PartitionRoots.Place root = roots.of(id);
        long oid = incarnations.oid(id, record);
        List<Column> columns = definitions.columns(oid, described(rowSchema), place(record));
        Identity identity = identities.of(oid, place(record));
        Table fresh = new Table(id, root.root(), oid, with(columns, identity, key(record, identity)));
        Table table = known != null && known.table.isShapedLike(fresh) ? known.table.renewed() : fresh;
        return new Version(rowSchema, table, root.isPartitioned(), identity.isProven(), transaction);
    }

    private boolean mayBeProven(Version known, SourceRecord record) {
        return !known.hasProvenIdentity && identities.mayBeProven(known.table.oid(), place(record));
    }

    /// Whether the identity of the record's table is that of the log.
    boolean hasProvenIdentity(TableId id) {
        Version known = latest.get(id);
        return known != null && known.hasProvenIdentity;
    }

    private static List<TableDefinitions.Described> described(Schema rowSchema) {
        List<TableDefinitions.Described> columns = new ArrayList<>();
        for (Field field : rowSchema.fields()) {
            long type = Long.parseLong(field.schema().parameters().get(TextConverter.TYPE_OID));
            columns.add(new TableDefinitions.Described(field.name(), type, false));
        }
        return columns;
    }

    private static List<Column> with(List<Column> columns, Identity identity, Set<String> key) {
        return columns.stream()
                .map(column -> new Column(
                        column.name(),
                        column.type(),
                        identity.has(column.number()) || key.contains(column.name()),
                        column.number()))
                .toList();
    }

    /// A table dropped meanwhile is not in the catalog any more; its record's key is then the best there is.
    private static Set<String> key(SourceRecord record, Identity identity) {
        Set<String> columns = new HashSet<>();
        if (!identity.isFull() && identity.numbers().isEmpty() && record.keySchema() != null) {
            record.keySchema().fields().forEach(field -> columns.add(field.name()));
        }
        return columns;
    }
}
