package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.Transaction;
import dev.walcast.server.setup.Installation;
import java.util.Collection;
import java.util.function.Consumer;

/// A transaction without the rows of `realtime.messages`. Those rows are handed on once, no matter how often it is
/// walked. For the source's thread only.
public final class TransactionWithoutMessages implements Transaction {
    private final Transaction transaction;
    private final boolean isListenedTo;
    private final Consumer<Change> onMessage;
    private final Consumer<Change> onOther;
    private boolean walked;

    /// @param onMessage called for each row of `realtime.messages`, once
    /// @param onOther   called for each other change, once
    TransactionWithoutMessages(
            Transaction transaction, boolean isListenedTo, Consumer<Change> onMessage, Consumer<Change> onOther) {
        this.transaction = requireNonNull(transaction, "transaction is null");
        this.isListenedTo = isListenedTo;
        this.onMessage = requireNonNull(onMessage, "onMessage is null");
        this.onOther = requireNonNull(onOther, "onOther is null");
    }

    @Override
    public Commit commit() {
        return transaction.commit();
    }

    @Override
    public boolean inMemory() {
        return transaction.inMemory();
    }

    /// The tables of the transaction, that of the messages included.
    @Override
    public Collection<Table> tables() {
        return transaction.tables();
    }

    @Override
    public boolean announcesRights() {
        return transaction.announcesRights();
    }

    @Override
    public Collection<SetAsideTable> setAside() {
        return transaction.setAside();
    }

    @Override
    public Runnable defer() {
        return transaction.defer();
    }

    @Override
    public void forEach(Consumer<Change> action) {
        boolean first = !walked;
        walked = true;
        transaction.forEach(change -> {
            boolean isMessage = change.table().root().equals(Installation.MESSAGES);
            if (first) {
                (isMessage ? onMessage : onOther).accept(change);
            }
            if (!isMessage || isListenedTo) {
                action.accept(change);
            }
        });
    }

    /// Call it last: hands the messages on if the transaction was never walked.
    public void finish() {
        if (!walked) {
            forEach(_ -> {});
        }
    }
}
