package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.RowEvent;
import java.sql.SQLException;
import java.util.BitSet;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/// Converts Debezium's records of row changes to [RowEvent]s. No code after this class sees Kafka Connect. Used
/// by the reader's thread only.
///
/// Debezium knows no primary keys ([RelationMessage#renamed]), so an UPDATE of a key is an ordinary update.
final class ChangeMapper {
    private final TableCatalog tables;
    private final RowMapper rows;

    ChangeMapper(TableCatalog tables, DecoderNotes notes) {
        this.tables = requireNonNull(tables, "tables is null");
        this.rows = new RowMapper(notes);
    }

    void begin() {
        tables.begin();
    }

    /// Returns the name of the record's table in Debezium.
    static TableId knownAs(SourceRecord record) {
        Struct source = ((Struct) record.value()).getStruct("source");
        return new TableId(source.getString("schema"), source.getString("table"));
    }

    /// Returns the schema of the record's rows: another instance after Postgres has described the table again.
    static Schema rowSchema(SourceRecord record) {
        return record.valueSchema().field("after").schema();
    }

    RowEvent map(SourceRecord record) throws SQLException {
        Struct value = (Struct) record.value();
        String operation = value.getString("op");
        Table table = tables.table(record, knownAs(record), rowSchema(record));
        BitSet inexact = tables.inexact(record, table);
        return switch (operation) {
            case "c" -> {
                Row newRow = rows.newRow(table, inexact, value.getStruct("after"));
                yield new RowEvent(RowEvent.Kind.INSERT, table, null, newRow);
            }
            case "u" -> updated(table, inexact, value);
            case "d" -> {
                Row oldRow = rows.oldRow(table, inexact, value.getStruct("before"));
                yield new RowEvent(RowEvent.Kind.DELETE, table, oldRow, null);
            }
            case "t" -> new RowEvent(RowEvent.Kind.TRUNCATE, table, null, null);
            default -> throw new IllegalStateException("unknown operation " + operation);
        };
    }

    private RowEvent updated(Table table, BitSet inexact, Struct value) {
        Row newRow = rows.newRow(table, inexact, value.getStruct("after"));
        Struct before = value.getStruct("before");
        Row oldRow = before == null ? newRow.identityOnly() : rows.oldRow(table, inexact, before);
        return new RowEvent(RowEvent.Kind.UPDATE, table, oldRow, newRow);
    }
}
