package dev.walcast.server.rowkeys;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Makes the keys of one table's rows until the table is forgotten. Safe for any thread.
public final class RowKeys {
    private final TableId table;
    private final long generation;
    private final long key0;
    private final long key1;

    RowKeys(TableId table, long generation, long key0, long key1) {
        this.table = requireNonNull(table, "table is null");
        this.generation = generation;
        this.key0 = key0;
        this.key1 = key1;
    }

    TableId table() {
        return table;
    }

    long generation() {
        return generation;
    }

    /// @return null when the row has no replica identity, or one of its values is SQL NULL or missing
    public @Nullable RowKey of(Row row) {
        SipHash hash =
                new SipHash(key0, key1).add(generation).add(table.schema()).add(table.name());
        List<Column> columns = row.table().columns();
        boolean identified = false;
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i).identity()) {
                String text = row.text(i);
                if (text == null) {
                    return null;
                }
                hash.add(columns.get(i).name()).add(text);
                identified = true;
            }
        }
        return identified ? key(hash.low(), hash.high()) : null;
    }

    /// Avoids zero, which marks a free slot.
    private RowKey key(long low, long high) {
        return new RowKey(table, generation, high, low == 0 ? 1 : low);
    }
}
