package dev.walcast.server;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.slot.SlotHealth;
import dev.walcast.cdc.source.SourceConfig;
import dev.walcast.rls.PostgresCatalog;
import dev.walcast.rls.PostgresFilterDatabase;
import dev.walcast.rls.PostgresOracle;
import dev.walcast.rls.PostgresRowReader;
import dev.walcast.rls.PostgresTopicPermissions;
import dev.walcast.rls.RecentCatalog;
import dev.walcast.rls.RecentFilterDatabase;
import dev.walcast.rls.Rights;
import dev.walcast.rls.RowPolicies;
import dev.walcast.rls.TopicPermissions;
import dev.walcast.server.acks.CursorKeeper;
import dev.walcast.server.acks.Cursors;
import dev.walcast.server.changes.ChangePath;
import dev.walcast.server.changes.FeedStatus;
import dev.walcast.server.channel.ChangeFeed;
import dev.walcast.server.channel.Rooms;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.health.HealthSource;
import dev.walcast.server.messages.DatabaseBroadcasts;
import dev.walcast.server.messages.Installation;
import dev.walcast.server.messages.MessagesTaken;
import dev.walcast.server.messages.PartitionUpkeep;
import dev.walcast.server.messages.StoredMessages;
import dev.walcast.server.messages.TopicPolicyWatch;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Everything about one database: the pool, the rights, the change source, and the path from it to the subscribers.
final class Project implements ChangeListener, HealthSource, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Project.class);
    private static final Duration REFRESH_RIGHTS_EVERY = Duration.ofSeconds(1);

    /// What Debezium cannot carry exactly, by type; said at the start.
    private static final List<String> INEXACT_TYPES = List.of("timetz", "money");

    private final ServerSettings.Database settings;
    private final PostgresUrl url;
    private final ConnectionPools pools;
    private final PostgresCatalog catalog;
    private final Rights rights;
    private final RowPolicies policies;
    private final ChangePath changes;
    private final ChangeSource source;
    private final SlotGuardian guardian;
    private final WindowKeeper keeper;
    private final CursorKeeper acknowledged;
    private final TopicPermissions permissions;
    private final StoredMessages messages;
    private final TopicPolicyWatch topicPolicies;
    private final CountDownLatch closing = new CountDownLatch(1);

    /// Up to here an earlier server had handed out everything. Belongs to the source's thread.
    private Lsn delivered = Lsn.ZERO;

    /// @param rooms          where broadcasts from the database go
    /// @param recheckPrivate called when rights on private topics may have changed; never blocks
    Project(ServerSettings server, Rooms rooms, Runnable recheckPrivate, Clock clock) {
        this.settings = server.database();
        this.url = PostgresUrl.parse(settings.url().reveal());
        this.pools =
                new ConnectionPools(url, settings.askTimeout(), server.replay().snapshots());
        this.catalog = new PostgresCatalog(pools.catalog(), settings.publication());
        this.rights = new Rights(catalog, System::nanoTime);
        this.policies = new RowPolicies(pools.policies());
        ChangePath.Database database = new ChangePath.Database(
                new RecentCatalog(catalog, System::nanoTime),
                rights,
                policies,
                new RecentFilterDatabase(new PostgresFilterDatabase(pools.catalog()), System::nanoTime),
                new PostgresOracle(pools.filters(), pools.policies()),
                new PostgresRowReader(
                        pools.snapshots(), settings.publication(), settings.reader() == ServerSettings.Reader.NATIVE),
                settings.publication());
        this.changes = new ChangePath(
                database, settings.deletes(), server.recordBytesMax(), server.replay(), System::nanoTime);
        this.source = source(settings, url);
        this.guardian = new SlotGuardian(url, settings.slotName(), source, settings.guardian(), System::nanoTime);
        this.keeper = new WindowKeeper(changes, source, server.replay().walBytes());
        this.acknowledged = new CursorKeeper(server.acks(), pools.catalog(), clock);
        this.permissions = new PostgresTopicPermissions(pools.topics());
        this.messages = new StoredMessages(
                pools.catalog(),
                pools.topics(),
                new DatabaseBroadcasts(rooms, server.limits().payloadBytesMax()),
                new PartitionUpkeep(pools.catalog(), clock, settings.messagesRetention()));
        this.topicPolicies = new TopicPolicyWatch(pools.catalog(), REFRESH_RIGHTS_EVERY, recheckPrivate);
    }

    private static ChangeSource source(ServerSettings.Database settings, PostgresUrl url) {
        SourceConfig usual = SourceConfig.of(url, settings.publication(), settings.slotName());
        SourceConfig config = new SourceConfig(
                url,
                List.of(settings.publication(), Installation.PUBLICATION),
                usual.slotName(),
                settings.pollInterval(),
                settings.transactionMemoryBytes(),
                usual.slotWait());
        return switch (settings.reader()) {
            case DEBEZIUM -> new DebeziumChangeSource(config);
            case NATIVE -> new PgoutputChangeSource(config);
        };
    }

    void start() throws SourceException {
        source.start(this);
        try {
            warnOfInexactColumns();
            messages.find(url.user(), source.publications());
        } catch (SQLException e) {
            log.warn("The catalog cannot be asked yet: {}", e.getMessage());
        }
        Thread.ofVirtual().name("refresh-rights").start(this::refreshRights);
        topicPolicies.start();
        acknowledged.start();
        guardian.start();
        keeper.start();
    }

    private void warnOfInexactColumns() throws SQLException {
        if (settings.reader() == ServerSettings.Reader.NATIVE) {
            return;
        }
        List<String> columns = catalog.columnsOfTypes(INEXACT_TYPES);
        if (!columns.isEmpty()) {
            log.warn(
                    "Debezium cannot carry these columns exactly; their values are left out of records and named in"
                            + " `missing`. READER=native can: {}",
                    columns);
        }
    }

    private void refreshRights() {
        try {
            while (!closing.await(REFRESH_RIGHTS_EVERY.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    rights.refresh(changes::questionsInUse);
                    policies.refresh(changes::viewers);
                    messages.find(url.user(), source.publications());
                } catch (SQLException e) {
                    log.debug("The rights could not be refreshed: {}", e.getMessage());
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void onStart(FeedStart start) {
        delivered = start.delivered();
        changes.begin(start);
    }

    @Override
    public void onTransaction(Transaction transaction) {
        boolean fresh = transaction.commit().lsn().isAfter(delivered);
        MessagesTaken taken = messages.takenFrom(
                transaction,
                settings.publication(),
                fresh,
                change -> topicPolicies.onRow(change.table(), transaction.commit()));
        changes.deliver(taken);
        taken.finish();
    }

    @Override
    public void onState(SourceState state) {
        log.debug("The feed is {}", state);
    }

    ChangeFeed feed() {
        return changes.feed();
    }

    /// How far clients have acknowledged changes.
    Cursors cursors() {
        return acknowledged.cursors();
    }

    ChangePath changes() {
        return changes;
    }

    TopicPermissions permissions() {
        return permissions;
    }

    /// What decides about private topics: to be told of marks in the log ([TopicPolicyWatch#onRelation]).
    TopicPolicyWatch topicPolicies() {
        return topicPolicies;
    }

    StoredMessages messages() {
        return messages;
    }

    /// Whether what is stored in `realtime.messages` from now on reaches the rooms.
    boolean broadcastsFromDatabase() {
        return source.state() instanceof SourceState.Streaming && messages.isReadWith(source.publications());
    }

    /// What its parts report: the feed.
    @Override
    public Stream<HealthReason> reasons() {
        return switch (source.state()) {
            case SourceState.Streaming _ -> Stream.empty();
            case SourceState.Reconnecting _ -> Stream.of(HealthReason.FEED_INTERRUPTED);
            case SourceState.Failed _ -> Stream.of(HealthReason.FEED_FAILED);
            case SourceState.Idle _, SourceState.Starting _ -> Stream.of(HealthReason.FEED_STARTING);
            case SourceState.Stopped _ -> Stream.of(HealthReason.FEED_STOPPED);
        };
    }

    SlotHealth slot() {
        return guardian.health();
    }

    /// The feed's position, and how much log it holds.
    FeedStatus feedStatus() {
        return keeper.status();
    }

    String slotName() {
        return settings.slotName();
    }

    /// What is delivered from here on, to clients who are going, counts as not delivered: the next server hands it
    /// to those who come back.
    void prepareToClose() {
        keeper.close();
    }

    @Override
    public void close() {
        closing.countDown();
        guardian.close();
        topicPolicies.close();
        messages.close();
        acknowledged.close();
        keeper.close();
        changes.close();
        source.close();
        pools.close();
    }
}
