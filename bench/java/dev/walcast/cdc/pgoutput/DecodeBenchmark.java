package dev.walcast.cdc.pgoutput;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.RowEvent;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.types.PartitionRoots;
import dev.walcast.cdc.types.TableDefinitions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// An INSERT of five columns from pgoutput's bytes. Needs a database for the names of types.
@State(Scope.Benchmark)
public class DecodeBenchmark {
    private static final int TABLE = 16_400;
    private static final String[] VALUES = {
        "12345",
        "general",
        "somebody",
        "a message of usual length, about nothing in particular",
        "2026-11-25 01:02:03.456789+00"
    };

    private final PgoutputDecoder decoder;
    private final byte[] insert = insert();
    private @Nullable RowEvent decoded;

    public DecodeBenchmark() {
        CatalogConnection catalog = new CatalogConnection(PostgresUrl.parse(System.getProperty("walcast.bench.url")));
        PgoutputDecoder.Sink sink = new PgoutputDecoder.Sink() {
            @Override
            public void begin() {}

            @Override
            public void row(RowEvent event) {
                decoded = event;
            }

            @Override
            public void rightsAnnounced() {}

            @Override
            public void leaveOut(TableId table, String reason) {
                throw new IllegalStateException(reason);
            }

            @Override
            public void commit(Commit commit) {}
        };
        decoder = new PgoutputDecoder(
                new Relations(
                        new TableDefinitions(catalog, "bench"),
                        new PartitionRoots(catalog),
                        new DroppedTables(catalog, DroppedTables.LOOK_FROM)),
                sink);
        try {
            decoder.decode(new WireBytes(relation(), DatabaseEncoding.UTF8), Lsn.ZERO);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Benchmark
    public @Nullable RowEvent decode() throws SQLException {
        decoder.decode(new WireBytes(insert, DatabaseEncoding.UTF8), Lsn.ZERO);
        return decoded;
    }

    private static byte[] relation() {
        String[] names = {"id", "room_id", "author", "body", "created_at"};
        int[] types = {20, 25, 25, 25, 1184};
        ByteBuffer bytes = ByteBuffer.allocate(1024).put((byte) 'R').putInt(TABLE);
        zeroTerminated(bytes, "public");
        zeroTerminated(bytes, "messages");
        bytes.put((byte) 'd').putShort((short) names.length);
        for (int i = 0; i < names.length; i++) {
            bytes.put((byte) (i == 0 ? 1 : 0));
            zeroTerminated(bytes, names[i]);
            bytes.putInt(types[i]).putInt(-1);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private static void zeroTerminated(ByteBuffer bytes, String text) {
        bytes.put(text.getBytes(StandardCharsets.UTF_8)).put((byte) 0);
    }

    private static byte[] insert() {
        ByteBuffer bytes = ByteBuffer.allocate(1024)
                .put((byte) 'I')
                .putInt(TABLE)
                .put((byte) 'N')
                .putShort((short) VALUES.length);
        for (String value : VALUES) {
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            bytes.put((byte) 't').putInt(text.length).put(text);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }
}
