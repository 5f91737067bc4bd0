package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.ReaderFailure;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import io.debezium.connector.postgresql.TypeRegistry;
import io.debezium.connector.postgresql.connection.LogicalDecodingMessage;
import io.debezium.connector.postgresql.connection.Lsn;
import io.debezium.connector.postgresql.connection.MessageDecoder;
import io.debezium.connector.postgresql.connection.ReplicationMessage;
import io.debezium.connector.postgresql.connection.ReplicationStream.ReplicationMessageProcessor;
import io.debezium.connector.postgresql.connection.WalPositionLocator;
import java.nio.ByteBuffer;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.postgresql.replication.fluent.logical.ChainedLogicalStreamBuilder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Wraps Debezium's decoder of pgoutput. The decoder gets values as text, and names that it can distinguish.
/// When it fails nevertheless, only the current table is left out, until Postgres describes the table again. In
/// place of the row, a message reports that the table is left out. Used by the thread that reads the log only.
final class GuardedDecoder implements MessageDecoder {
    private static final Logger log = LoggerFactory.getLogger(GuardedDecoder.class);

    private final MessageDecoder decoder;
    private final TextTypes types;
    private final DatabaseEncoding encoding;
    private final DecoderNotes notes;

    /// By oid.
    private final Map<Integer, TableId> tables = new HashMap<>();

    /// By oid.
    private final Map<Integer, DecoderNotes.Note> leftOut = new HashMap<>();

    private long transaction;
    private Instant committed = Instant.EPOCH;

    GuardedDecoder(MessageDecoder decoder, TextTypes types, DatabaseEncoding encoding, DecoderNotes notes) {
        this.decoder = requireNonNull(decoder, "decoder is null");
        this.types = requireNonNull(types, "types is null");
        this.encoding = requireNonNull(encoding, "encoding is null");
        this.notes = requireNonNull(notes, "notes is null");
    }

    /// An error that the table did not cause.
    private static final class OutsideException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final Exception failure;

        OutsideException(Exception failure) {
            super(failure);
            this.failure = failure;
        }
    }

    @Override
    public void processMessage(ByteBuffer message, ReplicationMessageProcessor processor, @Nullable TypeRegistry unused)
            throws SQLException, InterruptedException {
        if (!message.hasRemaining()) {
            decoder.processMessage(message, processor, types);
            return;
        }
        char tag = (char) message.get(message.position());
        switch (tag) {
            case 'R' -> describe(message);
            case 'I', 'U', 'D' -> change(message, processor);
            case 'B' -> begin(message, processor);
            default -> decoder.processMessage(message, processor, types);
        }
    }

    private void begin(ByteBuffer message, ReplicationMessageProcessor processor)
            throws SQLException, InterruptedException {
        ByteBuffer copy = message.duplicate().position(message.position() + 1 + 2 * Long.BYTES);
        transaction = Integer.toUnsignedLong(copy.getInt());
        decoder.processMessage(
                message,
                begun -> {
                    committed = begun.getCommitTime();
                    processor.process(begun);
                },
                types);
    }

    private void describe(ByteBuffer message) throws SQLException, InterruptedException {
        ByteBuffer body = message.duplicate();
        body.get();
        RelationMessage relation = RelationMessage.read(body, encoding);
        leftOut.remove(relation.oid());
        tables.remove(relation.oid());
        TableId table = relation.table() == null ? unnamed(relation.oid()) : relation.table();
        if (!relation.isReadable()) {
            leftOut.put(relation.oid(), new DecoderNotes.Note(table, "a name is not valid in the database's encoding"));
            return;
        }
        tables.put(relation.oid(), table);
        try {
            types.describe(relation);
            decoder.processMessage(relation.renamed(notes.schema()).toBytes(), _ -> {}, types);
        } catch (SQLException e) {
            if (ReaderFailure.isConnectionFailure(e)) {
                throw e;
            }
            leaveOut(relation.oid(), e);
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            rethrowIfOfConnection(e);
            leaveOut(relation.oid(), e);
        }
    }

    private void change(ByteBuffer message, ReplicationMessageProcessor processor)
            throws SQLException, InterruptedException {
        int oid = message.getInt(message.position() + 1);
        if (leftOut.get(oid) == null) {
            try {
                decoder.processMessage(
                        TupleConverter.converted(message, encoding, notes.unreadable()),
                        change -> passOn(change, processor),
                        types);
                return;
            } catch (OutsideException e) {
                throwOutside(e.failure);
            } catch (RuntimeException | StackOverflowError | LinkageError e) {
                rethrowIfOfConnection(e);
                leaveOut(oid, e);
            }
        }
        processor.process(new LogicalDecodingMessage(
                ReplicationMessage.Operation.MESSAGE,
                committed,
                transaction,
                true,
                notes.prefix(),
                requireNonNull(leftOut.get(oid)).text().getBytes(UTF_8)));
    }

    /// Rethrows an interruption or a lost connection, which is no reason to leave the table out.
    private static void passOn(ReplicationMessage change, ReplicationMessageProcessor processor)
            throws SQLException, InterruptedException {
        try {
            processor.process(change);
        } catch (SQLException | InterruptedException e) {
            throw new OutsideException(e);
        }
    }

    private static void throwOutside(Exception failure) throws SQLException, InterruptedException {
        switch (failure) {
            case SQLException e -> throw e;
            case InterruptedException e -> throw e;
            default -> throw new IllegalStateException(failure);
        }
    }

    private static void rethrowIfOfConnection(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            boolean outside = cause instanceof InterruptedException
                    || (cause instanceof SQLException sql && ReaderFailure.isConnectionFailure(sql));
            if (outside && failure instanceof RuntimeException e) {
                throw e;
            }
        }
    }

    private void leaveOut(int oid, Throwable failure) {
        TableId table = tables.getOrDefault(oid, unnamed(oid));
        log.debug("{} cannot be read", table, failure);
        leftOut.put(oid, new DecoderNotes.Note(table, "Debezium failed: " + failure));
    }

    private static TableId unnamed(int oid) {
        return new TableId("", "oid " + Integer.toUnsignedString(oid));
    }

    @Override
    public ChainedLogicalStreamBuilder defaultOptions(
            ChainedLogicalStreamBuilder builder, Function<Integer, Boolean> hasMinimumServerVersion) {
        return decoder.defaultOptions(builder, hasMinimumServerVersion);
    }

    @Override
    public boolean shouldMessageBeSkipped(
            ByteBuffer message, @Nullable Lsn lastReceived, @Nullable Lsn start, WalPositionLocator position) {
        return decoder.shouldMessageBeSkipped(message, lastReceived, start, position);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
