package dev.walcast.cdc.source;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TransactionBufferTest {
    private final Table first = table("t");
    private final Table renewed = first.renewed();
    private final Table other = table("other");

    @ParameterizedTest
    @ValueSource(longs = {0, 1 << 20})
    void tablesAreInOrderOfFirstChange(long memoryBytesMax) {
        try (TransactionBuffer buffer = new TransactionBuffer(memoryBytesMax)) {
            List<Table> written = List.of(other, first, first, other, renewed, other, renewed);
            written.forEach(table -> buffer.add(insert(table)));
            Transaction transaction = buffer.committed(new Commit(new Lsn(1), 1, 0), () -> () -> {}, () -> {});
            List<Table> walked = new ArrayList<>();
            transaction.forEach(
                    change -> walked.add(((Change.Insert) change).newRow().table()));
            assertThat(walked).isEqualTo(written);
            assertThat(transaction.tables()).containsExactly(other, first, renewed);

            buffer.clear();
            buffer.add(insert(first));
            Transaction next = buffer.committed(new Commit(new Lsn(2), 2, 0), () -> () -> {}, () -> {});
            assertThat(next.tables()).containsExactly(first);
            assertThat(transaction.tables()).hasSize(3);
        }
    }

    private static RowEvent insert(Table table) {
        return new RowEvent(
                RowEvent.Kind.INSERT, table, null, Row.of(table).text(0, "1").build());
    }

    private static Table table(String name) {
        Column id = new Column("id", new PgType.Scalar(23, "int4", JsonForm.NUMBER), true);
        return new Table(new TableId("public", name), List.of(id));
    }
}
