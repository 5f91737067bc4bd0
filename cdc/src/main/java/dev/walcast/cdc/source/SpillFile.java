package dev.walcast.cdc.source;

import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stores row events in a temporary file. Only its owner can read the file, and it disappears with the process.
///
/// An event consists of its kind, the number of its table, and its rows. A row is a tag for each column,
/// followed by a length and UTF-8 bytes for a text. Tables stay in memory.
@SuppressWarnings("EnumOrdinal") // only the process that wrote the file reads it
final class SpillFile implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SpillFile.class);
    private static final int NULL = 0;
    private static final int TEXT = 1;
    private static final int MISSING = 2;
    private static final int BUFFER_BYTES = 1 << 16;

    private final FileChannel file;
    private final DataOutputStream out;
    private final List<Table> tables = new ArrayList<>();
    private final Map<Table, Integer> tableNumbers = new HashMap<>();
    private long events;

    private SpillFile(FileChannel file) {
        this.file = file;
        this.out = new DataOutputStream(new BufferedOutputStream(Channels.newOutputStream(file), BUFFER_BYTES));
    }

    static SpillFile create() throws IOException {
        Path path = Files.createTempFile("walcast-transaction", ".spill");
        log.info("A transaction exceeds its memory limit; the rest of it is stored in {}", path);
        return new SpillFile(FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE));
    }

    void write(RowEvent event) throws IOException {
        out.writeByte(event.kind().ordinal());
        out.writeInt(tableNumber(event.table()));
        writeRow(event.oldRow());
        writeRow(event.newRow());
        events++;
    }

    private int tableNumber(Table table) {
        return tableNumbers.computeIfAbsent(table, _ -> {
            tables.add(table);
            return tables.size() - 1;
        });
    }

    private void writeRow(@Nullable Row row) throws IOException {
        out.writeBoolean(row != null);
        if (row == null) {
            return;
        }
        for (int i = 0; i < row.table().columns().size(); i++) {
            MissingReason missing = row.missing(i);
            String text = row.text(i);
            if (missing != null) {
                out.writeByte(MISSING);
                out.writeByte(missing.ordinal());
            } else if (text != null) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                out.writeByte(TEXT);
                out.writeInt(bytes.length);
                out.write(bytes);
            } else {
                out.writeByte(NULL);
            }
        }
    }

    void forEach(Consumer<RowEvent> action) throws IOException {
        out.flush();
        file.position(0);
        DataInputStream in = new DataInputStream(new BufferedInputStream(Channels.newInputStream(file), BUFFER_BYTES));
        for (long i = 0; i < events; i++) {
            RowEvent.Kind kind = RowEvent.Kind.values()[in.readByte()];
            Table table = tables.get(in.readInt());
            Row oldRow = readRow(in, table);
            action.accept(new RowEvent(kind, table, oldRow, readRow(in, table)));
        }
    }

    private static @Nullable Row readRow(DataInputStream in, Table table) throws IOException {
        if (!in.readBoolean()) {
            return null;
        }
        Row.Builder row = Row.of(table);
        for (int i = 0; i < table.columns().size(); i++) {
            switch (in.readByte()) {
                case MISSING -> row.missing(i, MissingReason.values()[in.readByte()]);
                case TEXT -> row.text(i, new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8));
                default -> row.text(i, null);
            }
        }
        return row.build();
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            log.warn("A temporary file could not be closed", e);
        }
    }
}
