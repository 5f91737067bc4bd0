package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.supervisor.TaskActivity;
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

/// All that a server does with `realtime.messages`. What is missing in the database is said once and left out; the
/// rest goes on.
public final class StoredMessages implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(StoredMessages.class);

    private final DataSource catalog;
    private final PartitionUpkeep partitions;
    private final MessageHistory history;
    private final DatabaseBroadcasts broadcasts;
    private volatile Installation installation = Installation.NONE;
    private boolean found;

    /// @param catalog for looking the table up and keeping its partitions
    /// @param topics  for reading it
    public StoredMessages(
            DataSource catalog, DataSource topics, DatabaseBroadcasts broadcasts, PartitionUpkeep partitions) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.broadcasts = requireNonNull(broadcasts, "broadcasts is null");
        this.history = new PostgresMessageHistory(topics, broadcasts.recent());
        this.partitions = requireNonNull(partitions, "partitions is null");
    }

    /// Looks once what there is; after a failure it may be called again. By one thread at a time.
    ///
    /// @param role who asks
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

    /// Keeps the partitions of the table from when it is found until closed. The task of a supervised thread.
    public void keepPartitions(TaskActivity activity) throws InterruptedException {
        partitions.run(activity);
    }

    private Installation now() throws SQLException {
        try (Connection connection = catalog.getConnection()) {
            return Installation.of(connection);
        }
    }

    /// The transaction for those who listen to tables: without stored messages, unless the user published them too.
    ///
    /// @param publication the user's
    /// @param isFresh     whether nobody has heard its messages yet
    /// @param onOther     told of each change that is no stored message, once
    public MessagesTaken takenFrom(
            Transaction transaction, String publication, boolean isFresh, Consumer<Change> onOther) {
        return broadcasts.takenFrom(transaction, installation.publications().contains(publication), isFresh, onOther);
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
