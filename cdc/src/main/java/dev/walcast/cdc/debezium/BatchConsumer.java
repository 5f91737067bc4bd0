package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.ReaderFailure;
import dev.walcast.cdc.source.RightsMessage;
import dev.walcast.cdc.source.RowEvent;
import dev.walcast.cdc.source.TransactionReceiver;
import dev.walcast.cdc.supervisor.FatalErrors;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Receives Debezium's records. Used by the engine's thread only.
final class BatchConsumer implements DebeziumEngine.ChangeConsumer<ChangeEvent<SourceRecord, SourceRecord>> {
    private static final Logger log = LoggerFactory.getLogger(BatchConsumer.class);

    private final ChangeMapper mapper;
    private final TransactionReceiver transactions;
    private final DecoderNotes notes;

    /// The tables that are left out, by their names in Debezium.
    private final Map<TableId, LeftOut> leftOut = new HashMap<>();

    BatchConsumer(ChangeMapper mapper, TransactionReceiver transactions, DecoderNotes notes) {
        this.notes = requireNonNull(notes, "notes is null");
        this.mapper = requireNonNull(mapper, "mapper is null");
        this.transactions = requireNonNull(transactions, "transactions is null");
    }

    /// @param described the description of the table that could not be read
    private record LeftOut(Schema described, DecoderNotes.Note note) {}

    /// A transaction's last record, which acknowledges all records before it to the engine that sent it.
    private record Last(
            ChangeEvent<SourceRecord, SourceRecord> event,
            DebeziumEngine.RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer)
            implements Runnable {
        @Override
        public void run() {
            try {
                committer.markProcessed(event);
                committer.markBatchFinished();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                // The engine has ended. The next engine receives this transaction again and recognizes it.
                log.debug("A transaction could not be acknowledged", e);
            }
        }
    }

    @Override
    public void handleBatch(
            List<ChangeEvent<SourceRecord, SourceRecord>> records,
            DebeziumEngine.RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer)
            throws InterruptedException {
        try {
            for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
                transactions.messageReceived();
                handle(event.value(), new Last(event, committer));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("cannot query the catalog: " + e.getMessage(), e);
        } catch (Error e) {
            FatalErrors.check(e);
            // The engine ends in good order only for exceptions.
            throw new IllegalStateException("a change could not be handled: " + e, e);
        }
    }

    private void handle(SourceRecord record, Runnable acknowledge) throws SQLException {
        Struct message = messageOf(record);
        if (message != null) {
            if (notes.prefix().equals(message.getString("prefix"))) {
                DecoderNotes.Note note = DecoderNotes.Note.parse(new String(message.getBytes("content"), UTF_8));
                transactions.leaveOut(note.table(), note.reason());
            } else if (announcesRights(record, message)) {
                transactions.announceRights();
            }
        } else if (!EngineSettings.isTransactionTopic(record.topic())) {
            add(record);
        } else if (((Struct) record.value()).getString("status").equals("BEGIN")) {
            mapper.begin();
            transactions.begin();
        } else {
            transactions.end(commit(record), acknowledge);
        }
    }

    /// Adds a change. A table whose record cannot be read is left out until Postgres describes it again; then
    /// Debezium makes another schema.
    private void add(SourceRecord record) throws SQLException {
        TableId known = ChangeMapper.knownAs(record);
        if (!isLeftOut(known, record)) {
            try {
                RowEvent event = mapper.map(record);
                leftOut.remove(known);
                transactions.add(event);
                return;
            } catch (SQLException e) {
                if (ReaderFailure.isConnectionFailure(e)) {
                    throw e;
                }
                leaveOut(known, record, e);
            } catch (UncheckedIOException e) {
                throw e;
            } catch (RuntimeException | StackOverflowError | LinkageError e) {
                leaveOut(known, record, e);
            }
        }
        DecoderNotes.Note note = requireNonNull(leftOut.get(known)).note;
        transactions.leaveOut(note.table(), note.reason());
    }

    @SuppressWarnings("ReferenceEquality") // another instance is another description
    private boolean isLeftOut(TableId known, SourceRecord record) {
        LeftOut table = leftOut.get(known);
        return table != null && table.described == ChangeMapper.rowSchema(record);
    }

    private void leaveOut(TableId known, SourceRecord record, Throwable failure) {
        Schema described = ChangeMapper.rowSchema(record);
        TableId table = TableCatalog.id(described, known);
        log.debug("{} cannot be read", table, failure);
        leftOut.put(known, new LeftOut(described, new DecoderNotes.Note(table, "the reader failed: " + failure)));
    }

    /// Whether the record ends a transaction.
    static boolean isEnd(SourceRecord record) {
        return EngineSettings.isTransactionTopic(record.topic())
                && ((Struct) record.value()).getString("status").equals("END");
    }

    /// Whether the message is a [RightsMessage]. Only a message of a transaction has the transaction's id.
    private static boolean announcesRights(SourceRecord record, Struct message) {
        return RightsMessage.PREFIX.equals(message.getString("prefix"))
                && ((Struct) record.value()).getStruct("source").getInt64("txId") != null;
    }

    /// Returns the record's logical message; null when it holds none.
    private static @Nullable Struct messageOf(SourceRecord record) {
        Struct value = (Struct) record.value();
        return value.schema().field("message") == null ? null : value.getStruct("message");
    }

    static Commit commit(SourceRecord end) {
        return new Commit(new Lsn(number(end, "lsn")), number(end, "txId"), number(end, "ts_usec"));
    }

    private static long number(SourceRecord record, String name) {
        return ((Number) requireNonNull(record.sourceOffset().get(name), name)).longValue();
    }
}
