package dev.walcast.cdc.pgoutput;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.RowEvent;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.cdc.types.PartitionRoots;
import dev.walcast.cdc.types.TableDefinitions;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Messages that the decoder cannot read: only their table is left out, until it is described again.
class LeftOutTablesPgTest {
    private final List<String> told = new ArrayList<>();

    private final PgoutputDecoder.Sink sink = new PgoutputDecoder.Sink() {
        @Override
        public void begin() {}

        @Override
        public void row(RowEvent event) {
            told.add(event.kind() + " " + event.table());
        }

        @Override
        public void rightsAnnounced() {}

        @Override
        public void leaveOut(TableId table, String reason) {
            told.add("left out " + table);
        }

        @Override
        public void commit(Commit commit) {}
    };

    @Test
    void unreadableRowSkipsItsTable() throws Exception {
        try (TestPostgres postgres = TestPostgres.start();
                CatalogConnection catalog = new CatalogConnection(PostgresUrl.parse(postgres.url()))) {
            PgoutputDecoder decoder = new PgoutputDecoder(
                    new Relations(
                            new TableDefinitions(catalog, "none"),
                            new PartitionRoots(catalog),
                            new DroppedTables(catalog, DroppedTables.LOOK_FROM)),
                    sink);
            for (byte[] message : List.of(
                    relation(1, "bad", 1),
                    relation(2, "good", 1),
                    insert(1, 1),
                    insert(1, 2), // more columns than the table has
                    insert(1, 1),
                    insert(2, 1),
                    insert(3, 1), // was never described
                    truncate(1, 2),
                    relation(1, "bad", 2),
                    insert(1, 2))) {
                decoder.decode(new WireBytes(message, DatabaseEncoding.UTF8), Lsn.ZERO);
            }
        }
        assertThat(told)
                .containsExactly(
                        "INSERT public.bad",
                        "left out public.bad",
                        "left out public.bad",
                        "INSERT public.good",
                        "left out .oid 3",
                        "TRUNCATE public.good",
                        "INSERT public.bad");
    }

    private interface Body {
        void write(DataOutputStream out) throws IOException;
    }

    private static byte[] message(char tag, Body body) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(tag);
        body.write(out);
        return bytes.toByteArray();
    }

    private static byte[] relation(int oid, String name, int columns) throws IOException {
        return message('R', out -> {
            out.writeInt(oid);
            out.write(("public\0" + name + "\0d").getBytes(UTF_8));
            out.writeShort(columns);
            for (int i = 0; i < columns; i++) {
                out.writeByte(0);
                out.write(("c" + i + "\0").getBytes(UTF_8));
                out.writeInt(23);
                out.writeInt(-1);
            }
        });
    }

    private static byte[] insert(int oid, int columns) throws IOException {
        return message('I', out -> {
            out.writeInt(oid);
            out.writeByte('N');
            out.writeShort(columns);
            for (int i = 0; i < columns; i++) {
                out.writeByte('n');
            }
        });
    }

    private static byte[] truncate(int... oids) throws IOException {
        return message('T', out -> {
            out.writeInt(oids.length);
            out.writeByte(0);
            for (int oid : oids) {
                out.writeInt(oid);
            }
        });
    }
}
