package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import java.sql.SQLException;

/// Collects what a reader reads into transactions, delivers them, and acknowledges each transaction once the
/// listener has handled it. Used by the reader's thread only; one for each connection.
public final class TransactionReceiver {
    private final TransactionBuffer buffer;
    private final ChangeListener listener;
    private final SlotAcknowledgements acknowledgements;
    private final ReaderProgress progress;
    private final long reading;
    private final Check check;
    private boolean checked;

    /// Checks a connection before its first transaction is delivered.
    @FunctionalInterface
    interface Check {
        /// @throws SQLException when the transactions of this connection must not be delivered
        void check() throws SQLException;
    }

    /// @param reading the reading's number
    TransactionReceiver(
            TransactionBuffer buffer,
            ChangeListener listener,
            SlotAcknowledgements acknowledgements,
            ReaderProgress progress,
            long reading,
            Check check) {
        this.buffer = requireNonNull(buffer, "buffer is null");
        this.listener = requireNonNull(listener, "listener is null");
        this.acknowledgements = requireNonNull(acknowledgements, "acknowledgements is null");
        this.progress = requireNonNull(progress, "progress is null");
        this.reading = reading;
        this.check = requireNonNull(check, "check is null");
    }

    /// Records that Postgres has sent something.
    public void messageReceived() {
        progress.sawRecord(reading);
    }

    /// Begins a transaction.
    public void begin() {
        buffer.clear();
    }

    /// Adds a change to the transaction.
    public void add(RowEvent event) {
        buffer.add(event);
    }

    /// Records that the transaction holds a [RightsMessage].
    public void announceRights() {
        buffer.announceRights();
    }

    /// Records that a row of the table could not be read. The transaction reports the table as set aside.
    ///
    /// @param reason a message for the log
    public void leaveOut(TableId table, String reason) {
        buffer.leaveOut(table, reason);
    }

    /// Delivers the transaction, unless it was delivered over an earlier connection.
    ///
    /// @param acknowledge acknowledges to Postgres this transaction and all before it; any thread may run it
    /// @throws SQLException when the transaction does not continue what was received before
    public void end(Commit commit, Runnable acknowledge) throws SQLException {
        if (!checked) {
            check.check();
            checked = true;
        }
        if (acknowledgements.receive(commit.lsn(), acknowledge)) {
            received(commit);
        }
        buffer.clear();
    }

    private void received(Commit commit) {
        boolean deferred;
        try {
            deferred = deliver(commit);
        } catch (RuntimeException | Error e) {
            acknowledgements.forget(commit.lsn());
            throw e;
        }
        acknowledgements.received(commit.lsn());
        if (!deferred) {
            acknowledgements.handled(commit.lsn());
        }
    }

    /// @return whether the listener deferred the acknowledgement
    private boolean deliver(Commit commit) {
        boolean[] deferred = {false};
        Transaction transaction = buffer.committed(
                commit,
                () -> {
                    deferred[0] = true;
                    return () -> acknowledgements.handled(commit.lsn());
                },
                progress::delivered);
        progress.whileDelivering(() -> listener.onTransaction(transaction));
        return deferred[0];
    }
}
