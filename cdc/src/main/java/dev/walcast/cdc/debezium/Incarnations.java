package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.CatalogConnection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/// Finds out which table of a name a record is of, because a table may be dropped and made anew under the same name
/// before its last rows are read. Debezium does not hand over the oid that the log carries. Belongs to the reader's
/// thread.
final class Incarnations {
    /// When the table was made: the catalog's row for a system column is written with the table and not again. Ids
    /// beyond the snapshot's are of an earlier round of the counter.
    private static final String CURRENT = """
            select c.oid, a.xmin::pg_catalog.text::pg_catalog.int8,
                   pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::pg_catalog.text::pg_catalog.int8
              from pg_catalog.pg_class c
              join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
              join pg_catalog.pg_attribute a on a.attrelid operator(pg_catalog.=) c.oid and a.attname operator(pg_catalog.=) 'ctid'
             where n.nspname operator(pg_catalog.=) ? and c.relname operator(pg_catalog.=) ? and c.relkind in ('r', 'p')""";

    private final CatalogConnection catalog;

    Incarnations(CatalogConnection catalog) {
        this.catalog = requireNonNull(catalog, "catalog is null");
    }

    /// The oid of the record's table; [Table#DROPPED_OID] when the table that has the name now is younger than the
    /// record, or there is none.
    long oid(TableId id, SourceRecord record) throws SQLException {
        try (PreparedStatement statement = catalog.get().prepareStatement(CURRENT)) {
            statement.setString(1, id.schema());
            statement.setString(2, id.name());
            try (ResultSet row = statement.executeQuery()) {
                boolean isCurrent = row.next() && !isYounger(row.getLong(2), row.getLong(3), transactionId(record));
                return isCurrent ? row.getLong(1) : Table.DROPPED_OID;
            }
        }
    }

    private static long transactionId(SourceRecord record) {
        Struct source = ((Struct) record.value()).getStruct("source");
        return source.getInt64("txId");
    }

    /// Compares ids of 32 bits, which run in a circle.
    private static boolean isYounger(long made, long next, long record) {
        return (int) made - (int) record > 0 && (int) next - (int) made > 0;
    }
}
