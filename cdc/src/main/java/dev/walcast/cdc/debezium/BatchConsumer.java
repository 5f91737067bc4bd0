package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Transaction;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.sql.SQLException;
import java.util.List;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.source.SourceRecord;

/// Receives Debezium's records, collects them into transactions, and acknowledges a transaction once the listener has
/// handled it. Belongs to the engine's thread.
final class BatchConsumer implements DebeziumEngine.ChangeConsumer<ChangeEvent<SourceRecord, SourceRecord>> {
    private final ChangeMapper mapper;
    private final TransactionBuffer buffer;
    private final ChangeListener listener;
    private final Acknowledgements acknowledgements;
    private final Progress progress;

    BatchConsumer(
            ChangeMapper mapper,
            TransactionBuffer buffer,
            ChangeListener listener,
            Acknowledgements acknowledgements,
            Progress progress) {
        this.mapper = requireNonNull(mapper, "mapper is null");
        this.buffer = requireNonNull(buffer, "buffer is null");
        this.listener = requireNonNull(listener, "listener is null");
        this.acknowledgements = requireNonNull(acknowledgements, "acknowledgements is null");
        this.progress = requireNonNull(progress, "progress is null");
    }

    @Override
    public void handleBatch(
            List<ChangeEvent<SourceRecord, SourceRecord>> records,
            DebeziumEngine.RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer)
            throws InterruptedException {
        try {
            for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
                progress.sawRecord();
                handle(event.value(), new Acknowledgements.Mark(event, committer));
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the catalog cannot be asked: " + e.getMessage(), e);
        }
    }

    private void handle(SourceRecord record, Acknowledgements.Mark mark) throws SQLException {
        if (!EngineSettings.isTransactionTopic(record.topic())) {
            RowEvent event = mapper.map(record);
            if (event != null) {
                buffer.add(event);
            }
        } else if (((Struct) record.value()).getString("status").equals("BEGIN")) {
            buffer.clear();
        } else {
            end(record, mark);
            buffer.clear();
        }
    }

    private void end(SourceRecord record, Acknowledgements.Mark mark) {
        Commit commit = new Commit(new Lsn(number(record, "lsn")), number(record, "txId"), number(record, "ts_usec"));
        if (!acknowledgements.receive(commit.lsn(), mark)) {
            return;
        }
        boolean deferred;
        try {
            deferred = deliver(commit);
        } catch (RuntimeException e) {
            acknowledgements.forget(commit.lsn());
            throw e;
        }
        acknowledgements.received(commit.lsn());
        if (!deferred) {
            acknowledgements.handled(commit.lsn());
        }
    }

    /// @return whether the listener will say later that it has handled the transaction
    private boolean deliver(Commit commit) {
        boolean[] deferred = {false};
        Transaction transaction = buffer.committed(commit, () -> {
            deferred[0] = true;
            return () -> acknowledgements.handled(commit.lsn());
        });
        progress.whileDelivering(() -> listener.onTransaction(transaction));
        return deferred[0];
    }

    private static long number(SourceRecord record, String name) {
        return ((Number) requireNonNull(record.sourceOffset().get(name), name)).longValue();
    }
}
