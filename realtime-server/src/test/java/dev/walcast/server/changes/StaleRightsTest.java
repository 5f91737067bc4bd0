package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.request.BindingRequest;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The reader of rights fails, hangs or throws. Changes are not delivered under unconfirmed rights, and a loss is
/// always reported.
class StaleRightsTest {
    private static final RightsLimits SHORT = new RightsLimits(Duration.ofMillis(20), Duration.ofMillis(200));
    /// Restarts a failed task after 20 ms.
    private static final SupervisorPolicy HASTY = new SupervisorPolicy(
            Duration.ofMillis(20),
            Duration.ofMillis(20),
            Duration.ofMinutes(1),
            1_000,
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5));

    private static final PendingLimits PATIENT = new PendingLimits(1_000, Duration.ofMinutes(1));

    private final ModelDatabase database = new ModelDatabase(1);
    private final ScriptedSource source = new ScriptedSource();
    private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
    private final Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> {});
    private final ScheduledExecutorService expiring = Executors.newSingleThreadScheduledExecutor();
    private final CountDownLatch hanging = new CountDownLatch(1);
    private final Rights rights = new Rights(this::read, SHORT, System::nanoTime);
    private volatile Fault fault = Fault.NONE;
    private volatile boolean granted = true;
    private ChangePath path;

    /// The result of reading rights.
    enum Fault {
        NONE,
        FAILS,
        THROWS,
        OVERFLOWS,
        HANGS,
        IS_LOCKED,
        IS_UNSETTLED
    }

    private RightsReader.Reading read(Set<AccessQuestion> questions) throws SQLException {
        RightsReader.Reading good = ModelDatabase.reading(database, questions);
        return switch (fault) {
            case NONE -> granted ? good : revoked(good);
            case FAILS -> throw new SQLException("Postgres is away", "08006");
            case THROWS -> throw new IllegalStateException("the test wants it");
            case OVERFLOWS -> throw new StackOverflowError();
            case HANGS -> {
                hang();
                yield good;
            }
            case IS_LOCKED -> locked(good);
            case IS_UNSETTLED ->
                new RightsReader.Reading(good.snapshot(), good.rights(), Map.of(), Set.of(ModelDatabase.BUSY.id()));
        };
    }

    private void hang() throws SQLException {
        try {
            hanging.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted", e);
        }
    }

    private static RightsReader.Reading locked(RightsReader.Reading good) {
        Map<TableId, SQLException> unanswered = Map.of(ModelDatabase.BUSY.id(), new SQLException("locked", "55P03"));
        Map<AccessQuestion, TableRights> others = new HashMap<>(good.rights());
        others.keySet().removeIf(question -> unanswered.containsKey(question.table()));
        return new RightsReader.Reading(good.snapshot(), others, unanswered, Set.of());
    }

    private static RightsReader.Reading revoked(RightsReader.Reading good) {
        Map<AccessQuestion, TableRights> none = new HashMap<>();
        good.rights().forEach((question, given) -> {
            TableAccess access = given.access();
            none.put(
                    question,
                    TableRights.withoutPolicies(new TableAccess(access.table(), true, false, false, access.columns())));
        });
        return new RightsReader.Reading(good.snapshot(), none, Map.of(), Set.of());
    }

    private final class Client extends TestReceiver {
        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> place) {
            told.add(place.orElseThrow().bindings().stream()
                    .flatMap(one -> one.reset().stream())
                    .findFirst()
                    .map(reason -> "reset " + reason)
                    .orElse("live"));
        }

        @Override
        public void onChange(int[] ids, EncodedChange change) {
            told.add("change");
        }

        @Override
        public void onRefused(String message) {
            told.add("refused");
        }

        @Override
        void hear(String message) {
            told.add(message);
        }
    }

    private void begin(PendingLimits pending) {
        path = database.path(rights, database, database, database, ModelDatabase.ROOMY, pending, System::nanoTime);
        source.attach(path, 0);
        rights.watch(path::questionsInUse).start(supervisor);
        var _ = expiring.scheduleWithFixedDelay(path::expire, 0, 10, TimeUnit.MILLISECONDS);
        ObjectNode binding = JsonNodeFactory.instance.objectNode();
        binding.put("event", "*").put("schema", "public").put("table", "busy");
        var _ = path.feed()
                .subscribe(
                        List.of(new Binding(1, BindingRequest.read(binding))), new Viewer("anon", "{}"), new Client());
        await().until(() -> told.contains("live"));
        commit(ModelDatabase.BUSY);
        await().until(() -> told.size() == 2);
    }

    @AfterEach
    void end() {
        fault = Fault.NONE;
        hanging.countDown();
        supervisor.close();
        expiring.shutdownNow();
        path.close();
    }

    private void commit(Table table) {
        List<Row> rows = List.of(ModelDatabase.row(table, source.end().value(), "x"));
        source.deliver(path, source.commit(0, rows, true));
    }

    private void awaitStale() {
        await().until(() -> rights.staleTables().contains(ModelDatabase.BUSY.id()));
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILS", "THROWS", "OVERFLOWS", "HANGS", "IS_LOCKED"})
    void staleRightsHoldChangesUntilConfirmed(Fault one) {
        begin(PATIENT);
        fault = one;
        awaitStale();
        commit(ModelDatabase.BUSY);
        commit(ModelDatabase.BUSY);
        await().during(Duration.ofMillis(300)).until(() -> told.size() == 2);
        fault = Fault.NONE;
        hanging.countDown();
        await().until(() -> told.size() == 4);
        assertThat(told).containsExactly("live", "change", "change", "change");
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILS", "THROWS", "OVERFLOWS", "HANGS", "IS_LOCKED"})
    void changesThatWaitTooLongAreDropped(Fault one) {
        begin(new PendingLimits(1_000, Duration.ofMillis(300)));
        fault = one;
        awaitStale();
        commit(ModelDatabase.BUSY);
        await().until(() -> told.size() == 3);
        assertThat(told).containsExactly("live", "change", "reset rights_stale");
        assertThat(path.droppedLately()).isTrue();
        fault = Fault.NONE;
        hanging.countDown();
        await().until(() -> rights.staleTables().isEmpty());
        commit(ModelDatabase.BUSY);
        await().until(() -> told.size() == 4);
        assertThat(told).containsExactly("live", "change", "reset rights_stale", "change");
        assertThat(path.deliveredThrough().isAfter(source.end())).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILS", "HANGS"})
    void tooManyChangesAreDroppedAtOnce(Fault one) {
        begin(new PendingLimits(3, Duration.ofMinutes(1)));
        fault = one;
        awaitStale();
        for (int i = 0; i < 4; i++) {
            commit(ModelDatabase.BUSY);
        }
        await().until(() -> told.size() == 3);
        assertThat(told).containsExactly("live", "change", "reset rights_stale");
    }

    @ParameterizedTest
    @EnumSource(names = {"FAILS", "THROWS", "HANGS", "IS_LOCKED", "IS_UNSETTLED"})
    void rowsAfterMarkWaitForRights(Fault one) {
        begin(PATIENT);
        fault = one;
        commit(ModelDatabase.BUSY.renewed());
        await().during(Duration.ofMillis(100)).until(() -> told.size() == 2);
        granted = false;
        fault = Fault.NONE;
        hanging.countDown();
        await().until(() -> told.contains("refused"));
        assertThat(told).containsExactly("live", "change", "refused");
    }

    /// The other table's rights are read, and its changes come.
    @ParameterizedTest
    @EnumSource(names = {"IS_LOCKED", "IS_UNSETTLED"})
    void otherTablesContinue(Fault one) {
        begin(PATIENT);
        ObjectNode binding = JsonNodeFactory.instance.objectNode();
        binding.put("event", "*").put("schema", "public").put("table", "quiet");
        var _ = path.feed()
                .subscribe(
                        List.of(new Binding(2, BindingRequest.read(binding))), new Viewer("anon", "{}"), new Client());
        await().until(() -> told.size() == 3);
        fault = one;
        commit(ModelDatabase.BUSY.renewed());
        commit(ModelDatabase.QUIET.renewed());
        await().until(() -> told.size() == 4);
        assertThat(told).containsExactly("live", "change", "live", "change");
    }
}
