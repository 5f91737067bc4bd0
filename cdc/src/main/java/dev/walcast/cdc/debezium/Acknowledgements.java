package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine.RecordCommitter;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.source.SourceRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which transactions were received and which of them are handled; lets the slot advance past the longest run of
/// handled ones. Outlives an engine, so that what Postgres sends again after a reconnect is recognised. Safe for any
/// thread.
final class Acknowledgements {
    private static final Logger log = LoggerFactory.getLogger(Acknowledgements.class);

    private final TreeMap<Long, Waiting> waiting = new TreeMap<>(Long::compareUnsigned);
    private Lsn received = Lsn.ZERO;

    private static final class Waiting {
        private Mark mark;
        private boolean handled;

        Waiting(Mark mark) {
            this.mark = mark;
        }
    }

    /// A transaction's last record and the engine that takes it back.
    record Mark(
            ChangeEvent<SourceRecord, SourceRecord> event,
            RecordCommitter<ChangeEvent<SourceRecord, SourceRecord>> committer) {
        private void acknowledge() {
            try {
                committer.markProcessed(event);
                committer.markBatchFinished();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } catch (RuntimeException e) {
                // The engine ended meanwhile; the next one is sent this again and finds it received.
                log.debug("A transaction could not be acknowledged", e);
            }
        }
    }

    /// The end of the last transaction received; zero before the first.
    synchronized Lsn received() {
        return received;
    }

    /// @return whether the transaction is new, and not one that an earlier engine delivered already
    synchronized boolean receive(Lsn lsn, Mark mark) {
        Waiting known = waiting.get(lsn.value());
        if (known != null) {
            known.mark = mark;
            return false;
        }
        waiting.put(lsn.value(), new Waiting(mark));
        if (lsn.isAfter(received)) {
            return true;
        }
        handled(lsn);
        return false;
    }

    /// The transaction went through the listener; from here on a second sight of it is skipped.
    synchronized void received(Lsn lsn) {
        received = lsn;
    }

    /// Another history begins: positions of the former one mean nothing in it.
    synchronized void beginAnew() {
        waiting.clear();
        received = Lsn.ZERO;
    }

    synchronized void forget(Lsn lsn) {
        waiting.remove(lsn.value());
    }

    synchronized void handled(Lsn lsn) {
        Waiting known = waiting.get(lsn.value());
        if (known == null) {
            return;
        }
        known.handled = true;
        forgetWithinRun(lsn, known);
        Mark last = null;
        var entries = waiting.values().iterator();
        while (entries.hasNext()) {
            Waiting next = entries.next();
            if (!next.handled) {
                break;
            }
            last = requireNonNull(next.mark);
            entries.remove();
        }
        if (last != null) {
            last.acknowledge();
        }
    }

    /// Of neighbours that are both handled only the later one's mark is of use: whatever lets the slot pass one,
    /// passes both.
    private void forgetWithinRun(Lsn lsn, Waiting known) {
        Map.Entry<Long, Waiting> lower = waiting.lowerEntry(lsn.value());
        if (lower != null && lower.getValue().handled) {
            waiting.remove(lower.getKey());
        }
        Map.Entry<Long, Waiting> higher = waiting.higherEntry(lsn.value());
        if (higher != null && higher.getValue().handled) {
            waiting.remove(lsn.value(), known);
        }
    }
}
