package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.RightsMessage;
import dev.walcast.cdc.source.RowEvent;
import java.sql.SQLException;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// Turns Debezium's records of row changes into [RowEvent]s: the last sight of Kafka Connect. Belongs to the reader's
/// thread.
///
/// Debezium writes an UPDATE of the primary key as a delete and a create with a hint in their headers; they are put
/// together again here.
final class ChangeMapper {
    private static final String NEW_KEY_HEADER = "__debezium.newkey";
    private static final String OLD_KEY_HEADER = "__debezium.oldkey";

    private static final String MESSAGE = "m";

    private final TableCatalog tables;
    private @Nullable RowEvent keyUpdateBegun;

    ChangeMapper(TableCatalog tables) {
        this.tables = requireNonNull(tables, "tables is null");
    }

    void begin() {
        tables.begin();
    }

    /// @return null when the record is no change of a row, or only the first half of one
    @Nullable
    RowEvent map(SourceRecord record) throws SQLException {
        Struct value = (Struct) record.value();
        String operation = value.getString("op");
        if (operation.equals(MESSAGE)) {
            return null;
        }
        Struct source = value.getStruct("source");
        TableId id = new TableId(source.getString("schema"), source.getString("table"));
        Schema rowSchema = value.schema().field("after").schema();
        Table table = tables.table(record, id, rowSchema);
        RowMapper rows = new RowMapper(table, tables.inexact(record, table), tables.hasProvenIdentity(id));
        return switch (operation) {
            case "c", "r" -> created(record, table, rows, value);
            case "u" -> updated(table, rows, value);
            case "d" -> deleted(record, table, rows, value);
            case "t" -> new RowEvent(RowEvent.Kind.TRUNCATE, table, null, null);
            default -> throw new IllegalStateException("unknown operation " + operation);
        };
    }

    /// Whether the record is a [RightsMessage]. Only a message of a transaction has the transaction's number.
    static boolean announcesRights(SourceRecord record) {
        Struct value = (Struct) record.value();
        return MESSAGE.equals(value.getString("op"))
                && value.getStruct("source").getInt64("txId") != null
                && RightsMessage.PREFIX.equals(value.getStruct("message").getString("prefix"));
    }

    private RowEvent created(SourceRecord record, Table table, RowMapper rows, Struct value) {
        Row newRow = rows.newRow(value.getStruct("after"));
        RowEvent begun = keyUpdateBegun;
        keyUpdateBegun = null;
        if (begun != null && record.headers().lastWithName(OLD_KEY_HEADER) != null) {
            return new RowEvent(RowEvent.Kind.UPDATE, table, begun.oldRow(), newRow);
        }
        return new RowEvent(RowEvent.Kind.INSERT, table, null, newRow);
    }

    private static RowEvent updated(Table table, RowMapper rows, Struct value) {
        Row newRow = rows.newRow(value.getStruct("after"));
        Struct before = value.getStruct("before");
        Row oldRow = before == null ? rows.unchangedIdentity(newRow) : rows.oldRow(before);
        return new RowEvent(RowEvent.Kind.UPDATE, table, oldRow, newRow);
    }

    private @Nullable RowEvent deleted(SourceRecord record, Table table, RowMapper rows, Struct value) {
        RowEvent event = new RowEvent(RowEvent.Kind.DELETE, table, rows.oldRow(value.getStruct("before")), null);
        if (record.headers().lastWithName(NEW_KEY_HEADER) != null) {
            keyUpdateBegun = event;
            return null;
        }
        return event;
    }
}
