package dev.walcast.bench.baseline;

import dev.walcast.cdc.postgres.PostgresUrl;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.postgresql.PGConnection;
import org.postgresql.replication.PGReplicationStream;

/// Every row message of the replication stream goes as it is to every socket, with no checks at all: the limit of a
/// change feed. Arguments: postgres:// URL, slot, publication.
public final class BareRelay {
    private final FrameServer server = new FrameServer((_, _) -> {});
    private final BlockingQueue<byte[]> rows = new LinkedBlockingQueue<>(100_000);

    private BareRelay() throws IOException {}

    public static void main(String[] arguments) throws Exception {
        BareRelay relay = new BareRelay();
        PostgresUrl url = PostgresUrl.parse(arguments[0]);
        Properties properties = url.properties();
        properties.setProperty("replication", "database");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "14");
        Connection connection = DriverManager.getConnection(url.jdbcUrl(), properties);
        PGReplicationStream stream = stream(connection, arguments[1], arguments[2]);
        Thread reader = new Thread(() -> relay.read(stream), "relay");
        reader.setDaemon(true);
        reader.start();
        System.out.println(relay.server.port());
        relay.write();
    }

    private static PGReplicationStream stream(Connection connection, String slot, String publication)
            throws SQLException {
        PGConnection postgres = connection.unwrap(PGConnection.class);
        postgres.getReplicationAPI()
                .createReplicationSlot()
                .logical()
                .withSlotName(slot)
                .withOutputPlugin("pgoutput")
                .withTemporaryOption()
                .make();
        return postgres.getReplicationAPI()
                .replicationStream()
                .logical()
                .withSlotName(slot)
                .withSlotOption("proto_version", "1")
                .withSlotOption("publication_names", publication)
                .start();
    }

    private void read(PGReplicationStream stream) {
        try {
            while (true) {
                ByteBuffer message = stream.read();
                byte tag = message.get(message.position());
                if (tag == 'I' || tag == 'U' || tag == 'D') {
                    byte[] bytes = new byte[message.remaining()];
                    message.get(bytes);
                    rows.put(Peer.frame(bytes));
                    server.wakeUp();
                }
                stream.setAppliedLSN(stream.getLastReceiveLSN());
                stream.setFlushedLSN(stream.getLastReceiveLSN());
            }
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void write() throws IOException {
        while (true) {
            server.turn(1000);
            for (byte[] row = rows.poll(); row != null; row = rows.poll()) {
                server.broadcast(row);
            }
        }
    }
}
