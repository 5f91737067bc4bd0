package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.setup.Installation;
import dev.walcast.server.setup.PartitionUpkeep;
import dev.walcast.server.topic.MessageHistory;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Collection;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Manages everything that a server does with `realtime.messages`. Functions that the database lacks the objects for
/// are logged once and stay off; the others work.
public final class StoredMessages implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StoredMessages.class);

    private final DataSource catalog;
    private final PartitionUpkeep partitions;
    private final MessageHistory history;
    private final DatabaseBroadcasts broadcasts;
    private volatile Installation installation = Installation.NONE;
    private boolean found;

    /// @param catalog connections to look the table up and to keep its partitions
    /// @param topics  connections to read it
    public StoredMessages(
            DataSource catalog, DataSource topics, DatabaseBroadcasts broadcasts, PartitionUpkeep partitions) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.broadcasts = requireNonNull(broadcasts, "broadcasts is null");
        this.history = new PostgresMessageHistory(topics, broadcasts.recent());
        this.partitions = requireNonNull(partitions, "partitions is null");
    }

    /// Looks up what the database has. May be called again after a failure. By one thread at a time.
    ///
    /// @param role the role that asks
    /// @param read the publications that are being read
    public void find(String role, Collection<String> read) throws SQLException {
        if (found) {
            return;
        }
        if (now().maintainable()) {
            partitions.start();
        }
        installation = now();
        installation.missing(role, read).forEach(log::warn);
        found = true;
    }

    /// Keeps the table's partitions from when the table is found until this is closed. Starts a supervised thread.
    public void keepPartitions(Supervisor supervisor) {
        partitions.watch(supervisor);
    }

    private Installation now() throws SQLException {
        try (Connection connection = catalog.getConnection()) {
            return Installation.of(connection);
        }
    }

    /// Returns the transaction for clients that listen to tables: without stored messages, unless the user published
    /// them too.
    ///
    /// @param publication the user's publication
    /// @param isFresh     whether its messages were not broadcast yet
    /// @param onOther     called for each change that is no stored message, once
    public TransactionWithoutMessages withoutMessages(
            Transaction transaction, String publication, boolean isFresh, Consumer<Change> onOther) {
        return broadcasts.withoutMessages(
                transaction, installation.publications().contains(publication), isFresh, onOther);
    }

    /// Whether rows of the table come with the changes of these publications.
    public boolean isReadWith(Collection<String> read) {
        return installation.isReadWith(read);
    }

    public MessageHistory history() {
        return history;
    }

    public DatabaseBroadcasts broadcasts() {
        return broadcasts;
    }

    @Override
    public void close() {
        partitions.close();
    }
}
