package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import java.sql.SQLException;

/// Takes what a reader reads, collects it into transactions, and acknowledges a transaction once the listener has
/// handled it. Belongs to the reader's thread; one for each connection.
public final class TransactionReceiver {
    private final TransactionBuffer buffer;
    private final ChangeListener listener;
    private final SlotAcknowledgements acknowledgements;
    private final ReaderProgress progress;
    private final long reading;
    private final Check check;
    private boolean checked;

    /// What is looked at before the first transaction of a connection is taken.
    @FunctionalInterface
    interface Check {
        /// @throws SQLException when what comes must not be taken
        void check() throws SQLException;
    }

    /// @param reading its number
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

    /// Whatever it was, Postgres has sent something.
    public void heard() {
        progress.sawRecord(reading);
    }

    public void begin() {
        buffer.clear();
    }

    public void add(RowEvent event) {
        buffer.add(event);
    }

    /// The transaction holds a [RightsMessage].
    public void announceRights() {
        buffer.announceRights();
    }

    /// A row of the table could not be read; the transaction says so.
    ///
    /// @param reason one sentence for the log
    public void leaveOut(TableId table, String reason) {
        buffer.leaveOut(table, reason);
    }

    /// Hands the transaction over, unless it came over an earlier connection already.
    ///
    /// @param acknowledge tells Postgres of this transaction and of all before it; run by any thread
    /// @throws SQLException when it does not go on from what was received before
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

    /// @return whether the listener will say later that it has handled the transaction
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
