package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
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
    private final Handled handled;

    BatchConsumer(ChangeMapper mapper, TransactionBuffer buffer, ChangeListener listener, Handled handled) {
        this.mapper = requireNonNull(mapper, "mapper is null");
        this.buffer = requireNonNull(buffer, "buffer is null");
        this.listener = requireNonNull(listener, "listener is null");
        this.handled = requireNonNull(handled, "handled is null");
    }

    /// How far the listener has come; outlives an engine, so that what Postgres sends again after a reconnect is
    /// skipped.
    static final class Handled {
        private volatile Lsn lsn = Lsn.ZERO;

        Lsn lsn() {
            return lsn;
        }
    }

    @Override
    public void handleBatch(
            List<ChangeEvent<SourceRecord, SourceRecord>> records,
            DebeziumEngine.RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer)
            throws InterruptedException {
        try {
            for (ChangeEvent<SourceRecord, SourceRecord> event : records) {
                if (handle(event.value())) {
                    committer.markProcessed(event);
                    committer.markBatchFinished();
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("the catalog cannot be asked: " + e.getMessage(), e);
        }
    }

    /// @return whether a transaction is complete and handled, so that the slot may advance past it
    private boolean handle(SourceRecord record) throws SQLException {
        if (!EngineSettings.isTransactionTopic(record.topic())) {
            RowEvent event = mapper.map(record);
            if (event != null) {
                buffer.add(event);
            }
            return false;
        }
        if (((Struct) record.value()).getString("status").equals("BEGIN")) {
            buffer.clear();
            return false;
        }
        end(record);
        return true;
    }

    private void end(SourceRecord record) {
        Commit commit = new Commit(new Lsn(number(record, "lsn")), number(record, "txId"), number(record, "ts_usec"));
        if (commit.lsn().isAfter(handled.lsn)) {
            if (!buffer.isEmpty()) {
                listener.onTransaction(buffer.committed(commit));
            }
            handled.lsn = commit.lsn();
        }
        buffer.clear();
    }

    private static long number(SourceRecord record, String name) {
        return ((Number) requireNonNull(record.sourceOffset().get(name), name)).longValue();
    }
}
