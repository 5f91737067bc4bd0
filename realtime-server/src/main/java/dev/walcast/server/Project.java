package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeListener;
import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.Transaction;
import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.slot.FeedLag;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.slot.SlotHealth;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.source.preflight.LoginProbe;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.rls.catalog.PostgresCatalog;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.catalog.RoleSettings;
import dev.walcast.rls.catalog.SharedCatalog;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.publication.PublicationReader;
import dev.walcast.rls.question.CachedFilterDatabase;
import dev.walcast.rls.question.PostgresFilterDatabase;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.rights.FaultIsolatingRightsReader;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rows.PostgresRowReader;
import dev.walcast.rls.topic.PostgresTopicPermissions;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.acks.CursorKeeper;
import dev.walcast.server.acks.Cursors;
import dev.walcast.server.admin.StatusReport;
import dev.walcast.server.changes.ChangePath;
import dev.walcast.server.changes.PublicationWatch;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.health.HealthSource;
import dev.walcast.server.log.Secret;
import dev.walcast.server.messages.DatabaseBroadcasts;
import dev.walcast.server.messages.StoredMessages;
import dev.walcast.server.messages.TopicPolicyWatch;
import dev.walcast.server.messages.TransactionWithoutMessages;
import dev.walcast.server.metrics.ChangeMetrics;
import dev.walcast.server.metrics.FeedMetrics;
import dev.walcast.server.metrics.PoolMetrics;
import dev.walcast.server.rowkeys.KeyMemory;
import dev.walcast.server.setup.Installation;
import dev.walcast.server.setup.PartitionUpkeep;
import dev.walcast.server.topic.Rooms;
import dev.walcast.server.window.FeedStatus;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The parts of the server that belong to one database: connection pools, rights, change source, and the path from it
/// to subscribers.
final class Project implements ChangeListener, HealthSource, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Project.class);
    private static final Duration FIND_MESSAGES_EVERY = Duration.ofSeconds(1);
    private static final Duration EXPIRE_EVERY = Duration.ofMillis(250);

    private final ServerSettings.Database settings;
    private final PostgresUrl url;
    private final PostgresUrl evaluationUrl;
    private final StartRetry starting;
    private final ConnectionPools pools;
    private final LoginCheck logins;
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
    private final Supervisor supervisor;
    private final TopicPolicyWatch topicPolicies;
    private final PublicationWatch publication;

    /// The position up to which an earlier server has delivered everything. Belongs to the source's thread.
    private Lsn delivered = Lsn.ZERO;

    /// Whether an epoch has begun. Belongs to the thread that starts the source, later to the source's thread.
    private boolean begun;

    /// @param rooms          receives broadcasts from the database
    /// @param recheckPrivate called when rights on private topics may have changed; never blocks
    /// @param supervisor     runs the essential threads; closed before the project
    /// @param nanoTime       a monotonic clock, in nanoseconds
    Project(
            ServerSettings server,
            Rooms rooms,
            Runnable recheckPrivate,
            Supervisor supervisor,
            Clock clock,
            LongSupplier nanoTime) {
        this.supervisor = requireNonNull(supervisor, "supervisor is null");
        this.settings = server.database();
        this.url = PostgresUrl.parse(settings.url().reveal());
        Secret evaluation = settings.evaluationUrl();
        this.evaluationUrl = evaluation == null ? url : PostgresUrl.parse(evaluation.reveal());
        this.starting = new StartRetry(url.toString());
        PostgresRowEvaluator.AskTimeouts patience =
                new PostgresRowEvaluator.AskTimeouts(settings.askTimeout(), settings.askPatience());
        this.pools = new ConnectionPools(
                url, evaluationUrl, patience, server.replay().snapshots(), nanoTime);
        this.logins = new LoginCheck(pools.catalog(), pools.policies(), evaluation != null);
        this.catalog = new PostgresCatalog(pools.catalog(), settings.publication());
        this.rights = new Rights(
                new FaultIsolatingRightsReader(new PostgresRightsReader(
                        pools.rights(),
                        settings.publication(),
                        evaluationUrl.user(),
                        pools.serverTimeZone(),
                        pools::renew,
                        nanoTime)),
                settings.rights().reading(),
                nanoTime);
        this.policies = new RowPolicies(pools.policies());
        ChangePath.Database database = new ChangePath.Database(
                new SharedCatalog(catalog, nanoTime),
                rights,
                policies,
                new CachedFilterDatabase(new PostgresFilterDatabase(pools.filters(), pools.patterns()), nanoTime),
                new PostgresRowEvaluator(pools.filters(), pools.patterns(), pools.policies(), patience, nanoTime),
                new PostgresRowReader(pools.snapshots(), settings.publication()),
                settings.publication());
        this.changes = new ChangePath(
                database,
                settings.deletes(),
                server.recordBytesMax(),
                server.replay(),
                settings.rights().pending(),
                KeyMemory.shared(
                        settings.rights().deleteKeysBytes(),
                        server.limits().clients().clientShare()),
                nanoTime);
        this.source = source(settings, url, nanoTime, clock);
        this.guardian = new SlotGuardian(url, settings.slotName(), source, settings.guardian(), nanoTime);
        this.keeper = new WindowKeeper(
                changes, source, guardian.lag(), server.replay().walBytes(), nanoTime);
        this.acknowledged = new CursorKeeper(
                server.acks(), server.limits().clients().shareOf(server.acks().cursorsMax()), pools.catalog(), clock);
        this.permissions = new PostgresTopicPermissions(
                pools.topics(),
                new RoleSettings(pools.rights(), evaluationUrl.user(), pools.serverTimeZone(), pools::renew, nanoTime),
                nanoTime);
        this.messages = new StoredMessages(
                pools.catalog(),
                pools.history(),
                new DatabaseBroadcasts(rooms, server.limits().payloadBytesMax()),
                new PartitionUpkeep(pools.catalog(), clock, settings.messagesRetention()));
        this.publication = new PublicationWatch(
                new PublicationReader(pools.catalog(), settings.publication(), settings.slotName()),
                changes::publicationChanged,
                settings.rights().reading().poll());
        this.topicPolicies = new TopicPolicyWatch(
                pools.catalog(), settings.rights().reading().poll(), recheckPrivate);
    }

    private static ChangeSource source(
            ServerSettings.Database settings, PostgresUrl url, LongSupplier nanoTime, InstantSource clock) {
        SourceConfig usual = SourceConfig.of(url, settings.publication(), settings.slotName());
        SourceConfig config = new SourceConfig(
                url,
                List.of(settings.publication(), Installation.PUBLICATION),
                usual.slotName(),
                settings.pollInterval(),
                settings.transactionMemoryBytes(),
                usual.slotWait());
        return switch (settings.reader()) {
            case DEBEZIUM -> new DebeziumChangeSource(config, nanoTime);
            case NATIVE -> new PgoutputChangeSource(config, nanoTime, clock);
        };
    }

    void start() throws SourceException {
        start(() -> {});
    }

    /// @param onWait called when the database is not available yet and the start is repeated
    void start(Runnable onWait) throws SourceException {
        starting.run(this::attempt, onWait);
        try {
            logins.warn();
            messages.find(url.user(), source.publications());
        } catch (SQLException e) {
            log.warn("The catalog cannot be read yet: {}", e.getMessage());
        }
        rights.watch(changes::questionsInUse).start(supervisor);
        new Periodic("expire-changes", EXPIRE_EVERY, _ -> expireChanges()).startWithPause(supervisor);
        new Periodic("find-messages", FIND_MESSAGES_EVERY, _ -> findMessages()).startWithPause(supervisor);
        messages.keepPartitions(supervisor);
        publication.start(supervisor);
        topicPolicies.start(supervisor);
        acknowledged.start(supervisor);
        guardian.start(supervisor);
        keeper.start(supervisor);
    }

    private void attempt() throws SourceException {
        new LoginProbe(url, "DATABASE_URL").check();
        if (!evaluationUrl.equals(url)) {
            new LoginProbe(evaluationUrl, "EVALUATION_DATABASE_URL").check();
        }
        source.start(this, supervisor);
    }

    private void lookAtPublication(FeedStart start) {
        try {
            publication.begin(start);
        } catch (SQLException e) {
            log.warn("The publication cannot be read: {}", e.getMessage());
        }
    }

    private void expireChanges() {
        changes.expire();
        policies.prune(changes::viewers);
    }

    private void findMessages() {
        try {
            messages.find(url.user(), source.publications());
            forgetDroppedTables();
        } catch (SQLException e) {
            log.debug("The schema realtime could not be read: {}", e.getMessage());
        }
    }

    private void forgetDroppedTables() throws SQLException {
        if (!changes.setAside().isEmpty()) {
            Set<TableId> published = catalog.publishedTables();
            changes.setAside().retain(published == null ? Set.of() : published);
        }
    }

    @Override
    public void onStart(FeedStart start) {
        boolean isFirst = !begun;
        begun = true;
        delivered = start.delivered();
        guardian.lag().begin();
        changes.begin(start);
        if (isFirst) {
            lookAtPublication(start);
        }
    }

    @Override
    public void onTransaction(Transaction transaction) {
        boolean fresh = transaction.commit().lsn().isAfter(delivered);
        topicPolicies.onTables(transaction.tables(), transaction.commit());
        TransactionWithoutMessages taken = messages.withoutMessages(
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

    /// The positions up to which clients have acknowledged changes.
    Cursors cursors() {
        return acknowledged.cursors();
    }

    ChangePath changes() {
        return changes;
    }

    TopicPermissions permissions() {
        return permissions;
    }

    /// Watches what decides about private topics. Notify it of marks in the log ([TopicPolicyWatch#onRelation]).
    TopicPolicyWatch topicPolicies() {
        return topicPolicies;
    }

    StoredMessages messages() {
        return messages;
    }

    /// Whether rows written to `realtime.messages` from now on are broadcast.
    boolean broadcastsFromDatabase() {
        return source.state() instanceof SourceState.Streaming && messages.isReadWith(source.publications());
    }

    /// The reasons of the feed and its parts.
    @Override
    public Stream<HealthReason> reasons() {
        return Stream.of(ofFeed(), ofChanges()).flatMap(reasons -> reasons);
    }

    private Stream<HealthReason> ofChanges() {
        Stream<HealthReason> stale =
                rights.staleTables().isEmpty() ? Stream.empty() : Stream.of(HealthReason.RIGHTS_STALE);
        Stream<HealthReason> dropped =
                changes.droppedLately() ? Stream.of(HealthReason.CHANGES_DROPPED) : Stream.empty();
        Stream<HealthReason> setAside =
                changes.setAside().isEmpty() ? Stream.empty() : Stream.of(HealthReason.TABLE_SET_ASIDE);
        return Stream.of(stale, dropped, setAside).flatMap(reasons -> reasons);
    }

    private Stream<HealthReason> ofFeed() {
        return switch (source.state()) {
            case SourceState.Streaming _ ->
                lagStatus().stalled() ? Stream.of(HealthReason.FEED_STALLED) : Stream.empty();
            case SourceState.Reconnecting _ -> Stream.of(HealthReason.FEED_INTERRUPTED);
            case SourceState.Failed _ -> Stream.of(HealthReason.FEED_FAILED);
            case SourceState.Idle _, SourceState.Starting _ -> Stream.of(HealthReason.FEED_STARTING);
            case SourceState.Stopped _ -> Stream.of(HealthReason.FEED_STOPPED);
        };
    }

    /// The age of the oldest change that may not be delivered yet.
    Duration lag() {
        return lagStatus().lag();
    }

    private FeedLag.Status lagStatus() {
        return guardian.lag().status(source.activity(), source.state() instanceof SourceState.Streaming);
    }

    /// What the slot retains, for operators.
    SlotHealth slot() {
        return guardian.health();
    }

    /// The feed's position, and how much log it retains.
    FeedStatus feedStatus() {
        return keeper.status();
    }

    /// The metrics of the feed, the change path and the pools.
    List<Consumer<PrometheusRegistry>> metrics() {
        return List.of(
                new FeedMetrics(source, this::slot, this::feedStatus, this::lag),
                new ChangeMetrics(changes, rights),
                new PoolMetrics(pools.all()));
    }

    /// The feed at this moment, for operators.
    StatusReport statusReport() {
        return new StatusReport(
                settings.reader().name().toLowerCase(Locale.ROOT),
                FeedMetrics.state(source.state()),
                slotName(),
                slot(),
                feedStatus(),
                lag());
    }

    String slotName() {
        return settings.slotName();
    }

    /// Counts what is delivered from now on as not delivered, because its clients are being disconnected. The next
    /// server delivers it when they reconnect.
    void prepareToClose() {
        starting.close();
        source.expectEnd();
        keeper.close();
    }

    @Override
    public void close() {
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
