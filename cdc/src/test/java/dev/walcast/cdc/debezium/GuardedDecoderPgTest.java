package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.testing.TestPostgres;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.MessageDecoder;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream.ReplicationMessageProcessor;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import io.debezium.jdbc.JdbcConfiguration;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.replication.fluent.logical.ChainedLogicalStreamBuilder;

/// An error of the wrapped decoder leaves out one table, unless the connection caused it.
class GuardedDecoderPgTest {
    private final List<String> told = new ArrayList<>();
    private final DecoderNotes notes = DecoderNotes.fresh();
    private TestPostgres postgres;
    private PostgresConnection connection;
    private GuardedDecoder decoder;
    private @Nullable Throwable failure;

    /// Throws when the test requests it; otherwise passes the message on.
    private final class Failing implements MessageDecoder {
        @Override
        public void processMessage(ByteBuffer message, ReplicationMessageProcessor processor, TypeRegistry types)
                throws SQLException {
            char tag = (char) message.get(message.position());
            switch (failure) {
                case null -> told.add(String.valueOf(tag));
                case SQLException e -> throw e;
                case Error e -> throw e;
                case RuntimeException e -> throw e;
                default -> throw new IllegalStateException(failure);
            }
        }

        @Override
        public ChainedLogicalStreamBuilder defaultOptions(
                ChainedLogicalStreamBuilder builder, Function<Integer, Boolean> hasMinimumServerVersion) {
            return builder;
        }

        @Override
        public boolean shouldMessageBeSkipped(
                ByteBuffer message, Lsn lastReceived, Lsn start, WalPositionLocator position) {
            return false;
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void begin() {
        postgres = TestPostgres.start();
        connection = new PostgresConnection(
                JdbcConfiguration.create()
                        .with("hostname", "127.0.0.1")
                        .with("port", postgres.port())
                        .with("user", "postgres")
                        .with("dbname", "postgres")
                        .build(),
                "test");
        decoder = new GuardedDecoder(new Failing(), new TextTypes(connection), DatabaseEncoding.UTF8, notes);
    }

    @AfterEach
    void end() throws Exception {
        connection.close();
        postgres.close();
    }

    private void process(ByteBuffer message) throws Exception {
        decoder.processMessage(message, this::tell, null); // the guard uses types of its own
    }

    private void tell(ReplicationMessage message) {
        LogicalDecodingMessage note = (LogicalDecodingMessage) message;
        assertThat(note.getPrefix()).isEqualTo(notes.prefix());
        told.add("left out "
                + DecoderNotes.Note.parse(new String(note.getContent(), UTF_8)).table());
    }

    private static ByteBuffer relation(int oid, String name) {
        return new RelationMessage(
                        oid,
                        new TableId("public", name),
                        (byte) 'd',
                        List.of(new RelationMessage.ColumnMessage((byte) 1, "id", 23, -1)))
                .toBytes();
    }

    private static ByteBuffer insert(int oid) {
        return ByteBuffer.allocate(5).put((byte) 'I').putInt(oid).flip();
    }

    @Test
    void failedTableIsSkippedUntilDescribedAgain() throws Exception {
        process(relation(1, "bad"));
        process(relation(2, "good"));
        failure = new StackOverflowError();
        process(insert(1));
        failure = null;
        process(insert(1));
        process(insert(2));
        process(relation(1, "bad"));
        process(insert(1));
        assertThat(told).containsExactly("R", "R", "left out public.bad", "left out public.bad", "I", "R", "I");
    }

    @Test
    void failedDescriptionSkipsTheTable() throws Exception {
        failure = new IllegalStateException("the test wants it");
        process(relation(1, "bad"));
        failure = null;
        process(insert(1));
        assertThat(told).containsExactly("left out public.bad");
    }

    @Test
    void lostConnectionSkipsNoTable() throws Exception {
        process(relation(1, "good"));
        failure = new IllegalStateException(new SQLException("gone", "08006"));
        assertThatThrownBy(() -> process(insert(1))).isSameAs(failure);
        failure = null;
        process(insert(1));
        assertThat(told).containsExactly("R", "I");
    }
}
