package dev.walcast.server.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.server.encode.RecordText;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.rowkeys.RowKeys;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Packs rows, each as a change's record would show it, into chunks. One for each reading.
final class SnapshotEncoder {
    private final List<Integer> indexes;
    private final List<String> generated;
    private final int chunkBytes;
    private final int recordBytesMax;
    private final String columns;
    private final @Nullable RowKeys keys;
    private final StringBuilder text = new StringBuilder();
    private final ByteArrayOutputStream rows = new ByteArrayOutputStream();
    private final Map<String, MissingReason> missing = new TreeMap<>();
    private final List<Integer> tooLarge = new ArrayList<>();
    private List<RowKey> rowKeys = new ArrayList<>();
    private int count;
    private boolean first = true;

    /// @param keys null when no receiver remembers rows
    SnapshotEncoder(Table table, List<String> generated, int chunkBytes, int recordBytesMax, @Nullable RowKeys keys) {
        this.keys = keys;
        this.indexes = IntStream.range(
                        0, requireNonNull(table, "table is null").columns().size())
                .boxed()
                .toList();
        this.generated = List.copyOf(generated);
        this.chunkBytes = chunkBytes;
        this.recordBytesMax = recordBytesMax;
        StringBuilder out = new StringBuilder();
        RecordText.columns(out, table, indexes);
        this.columns = out.toString();
    }

    /// @param into takes a chunk that has become full before
    void add(Row row, Consumer<ReadRows> into) {
        if (rows.size() >= chunkBytes) {
            into.accept(chunk(false));
        }
        byte[] record = record(row, Integer.MAX_VALUE, recordBytesMax);
        if (record.length > recordBytesMax) {
            record = record(row, RecordText.SMALL_VALUE_BYTES_MAX, Integer.MAX_VALUE);
            tooLarge.add(count);
        }
        if (count > 0) {
            rows.write(',');
        }
        rows.writeBytes(record);
        count++;
        RowKey key = keys == null ? null : keys.of(row);
        if (key != null) {
            rowKeys.add(key);
        }
    }

    private byte[] record(Row row, int valueBytesMax, int charsMax) {
        text.setLength(0);
        RecordText.row(text, missing, indexes, row, valueBytesMax, charsMax);
        return text.toString().getBytes(UTF_8);
    }

    ReadRows last() {
        return chunk(true);
    }

    private ReadRows chunk(boolean last) {
        generated.forEach(name -> missing.put(name, MissingReason.GENERATED));
        text.setLength(0);
        text.append("\"first\":").append(first).append(",\"last\":").append(last);
        text.append(",\"columns\":").append(columns);
        RecordText.missing(text, missing);
        if (!tooLarge.isEmpty()) {
            text.append(",\"errors\":[\"Error 413: Payload Too Large\"],\"too_large\":")
                    .append(tooLarge);
        }
        text.append(",\"rows\":[");
        byte[] before = text.toString().getBytes(UTF_8);
        ByteArrayOutputStream members = new ByteArrayOutputStream(before.length + rows.size() + 1);
        members.writeBytes(before);
        members.writeBytes(rows.toByteArray());
        members.write(']');
        ReadRows chunk = new ReadRows(new SnapshotChunk(first, last, members.toByteArray()), rowKeys);
        rowKeys = new ArrayList<>();
        first = false;
        rows.reset();
        missing.clear();
        tooLarge.clear();
        count = 0;
        return chunk;
    }
}
