package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.rowkeys.KeyMemory;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Waiting changes arrive once and in order, or their client is notified; and no change waits for other subscriptions
/// only.
class WaitingChangesTest {
    private static final Viewer ANON = new Viewer("anon", "{}");
    private static final Viewer REFUSED = new Viewer("refused", "{}");
    /// Postgres decides it, and it is no pattern, which would end its subscription when it is slow.
    private static final String ASKED = "v=sl.y";
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final ModelDatabase database = new ModelDatabase(1);
    private final ScriptedSource source = new ScriptedSource();
    private final AtomicLong rightsClock = new AtomicLong();
    private final AtomicLong clock = new AtomicLong();
    private final Rights rights = new Rights(
            questions -> reading(ModelDatabase.reading(new Grants(), questions)),
            ModelDatabase.HOURS,
            rightsClock::get);
    private volatile Set<TableId> unsettled = Set.of();
    private volatile boolean away;
    private volatile Consumer<Table> beforeAnswer = table -> {};
    private Runnable beforeRows = () -> {};
    private Set<Table> slow = Set.of();
    private ChangePath path;

    /// Blocks a thread until the test opens it.
    private static final class Gate implements Runnable {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        @Override
        public void run() {
            reached.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// One role may read nothing.
    private final class Grants implements Catalog {
        @Override
        public Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> asked) {
            Map<AccessQuestion, TableAccess> access = new HashMap<>(database.access(asked));
            access.replaceAll((question, all) -> question.role().equals(REFUSED.role()) ? nothing(all) : all);
            return access;
        }

        private static TableAccess nothing(TableAccess all) {
            List<ColumnAccess> columns = all.columns().stream()
                    .map(column -> new ColumnAccess(
                            column.name(),
                            column.number(),
                            false,
                            column.type(),
                            column.typeName(),
                            column.key(),
                            column.identity(),
                            column.generated()))
                    .toList();
            return new TableAccess(all.table(), true, true, false, columns);
        }

        @Override
        public Set<TableId> publishedTables() {
            return database.publishedTables();
        }

        @Override
        public Set<TableId> readableTables(String role) {
            return database.readableTables(role);
        }

        @Override
        public RelationFacts relation(AccessQuestion question) {
            return database.relation(question);
        }

        @Override
        public boolean roleExists(String role) {
            return true;
        }
    }

    private final class Rows implements RowReader {
        private final ModelTables tables = new ModelTables(source, () -> 0, 100, 1);

        @Override
        public Reading open(RowQuery query) {
            beforeRows.run();
            return tables.open(query);
        }

        @Override
        public void moveOn() {
            source.deliver(path, source.commit(0, List.of(), true));
        }
    }

    private static class Client implements ChangeReceiver {
        final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        volatile Runnable onChange = () -> {};
        volatile Runnable onLive = () -> {};
        volatile String position = "";
        volatile Runnable awaitRoom = () -> {};

        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> place) {
            onLive.run();
            position = place.orElseThrow().position();
            List<String> bindings = place.orElseThrow().bindings().stream()
                    .map(one -> one.rows().isPresent() ? "rows " + one.id() : "reset " + one.id())
                    .toList();
            told.addAll(bindings.isEmpty() ? List.of("live") : bindings);
        }

        @Override
        public void onChange(int[] ids, EncodedChange change) {
            onChange.run();
            Arrays.stream(ids).forEach(id -> told.add("change " + id));
        }

        @Override
        public void onSnapshot(int id, SnapshotChunk chunk) {}

        @Override
        public void onRefused(String message) {
            told.add("refused");
        }

        @Override
        public void onTrouble(String message) {
            told.add(message);
        }

        @Override
        public boolean hasRoom() {
            return false;
        }

        @Override
        public void awaitRoom() {
            awaitRoom.run();
        }

        long count(String what) {
            return told.stream().filter(what::equals).count();
        }

        void awaits(String what) {
            await().atMost(PATIENCE).until(() -> told.contains(what));
        }
    }

    private RightsReader.Reading reading(RightsReader.Reading all) {
        return new RightsReader.Reading(all.snapshot(), all.rights(), Map.of(), unsettled);
    }

    private RowEvaluator.Outcome answers(Set<RowEvaluator.Asked> asked) throws UnansweredException {
        if (away) {
            throw new UnansweredException(new SQLException("away"));
        }
        Map<RowEvaluator.Asked, Truth> answers = new HashMap<>();
        Map<RowEvaluator.Asked, RowEvaluator.Failure> failures = new HashMap<>();
        for (RowEvaluator.Asked one : asked) {
            Table table = one.row().table();
            beforeAnswer.accept(table);
            answers.put(one, slow.contains(table) ? Truth.FAILED : ModelDatabase.answer(one.row()));
            if (slow.contains(table)) {
                failures.put(one, new RowEvaluator.Failure("57014", true));
            }
        }
        return new RowEvaluator.Outcome(answers, failures);
    }

    @BeforeEach
    void begin() {
        ChangePath.Database parts = new ChangePath.Database(
                new Grants(),
                rights,
                new RowPolicies(new PGSimpleDataSource()),
                database,
                this::answers,
                new Rows(),
                "p");
        path = new ChangePath(
                parts,
                RowGuard.DeleteVisibility.STRICT,
                1 << 20,
                ModelDatabase.ROOMY,
                PendingLimits.USUAL,
                KeyMemory.of(1 << 20),
                clock::get);
        source.attach(path, 0);
    }

    @AfterEach
    void end() {
        path.close();
    }

    private static ObjectNode of(Table table) {
        return JsonNodeFactory.instance
                .objectNode()
                .put("event", "*")
                .put("schema", "public")
                .put("table", table.id().name());
    }

    private ChangeFeed.Subscription subscribe(Client client, ObjectNode... requests) {
        List<Binding> bindings = new ArrayList<>();
        for (ObjectNode request : requests) {
            bindings.add(new Binding(bindings.size() + 1, BindingRequest.read(request)));
        }
        return path.feed().subscribe(bindings, ANON, client);
    }

    private void commit(Table table, long id) {
        commit(ModelDatabase.row(table, id, "x"));
    }

    private void commit(Row... rows) {
        source.deliver(path, source.commit(0, List.of(rows), true));
    }

    // -- others

    @Test
    void deliveryDoesNotWaitForWindow() throws Exception {
        Gate asking = new Gate();
        beforeAnswer = _ -> asking.run();
        Client first = new Client();
        ChangeFeed.Subscription subscription =
                subscribe(first, of(ModelDatabase.BUSY).put("filter", ASKED));
        first.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        asking.reached.await();
        Client second = new Client();
        Gate live = new Gate();
        second.onLive = live;
        var _ = subscribe(second, of(ModelDatabase.QUIET));
        live.reached.await();
        try {
            asking.open.countDown();
            first.awaits("change 1");
            CompletableFuture.runAsync(subscription::close).get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } finally {
            live.open.countDown();
        }
    }

    @Test
    void brokenReceiverDelaysNoOther() {
        Client broken = new Client();
        Client other = new Client();
        for (Client client : List.of(broken, other)) {
            var _ = subscribe(client, of(ModelDatabase.BUSY).put("filter", ASKED), of(ModelDatabase.QUIET));
            client.awaits("live");
        }
        broken.onChange = () -> {
            throw new IllegalStateException("broken");
        };
        commit(ModelDatabase.QUIET, 2);
        other.awaits("change 2");
        commit(ModelDatabase.BUSY, 2);
        other.awaits("change 1");
        path.expire();
        await().atMost(PATIENCE).until(() -> path.deliveredThrough().equals(last()));
        assertThat(other.told).containsExactly("live", "change 2", "change 1");
        assertThat(broken.told).contains("reset 2");
    }

    private dev.walcast.cdc.Lsn last() {
        return source.log().getLast().commit().lsn();
    }

    // -- after a refusal

    @Test
    void rowsComeOnceAfterRefusal() throws Exception {
        Client client = new Client();
        Gate room = new Gate();
        client.awaitRoom = room;
        ChangeFeed.Subscription subscription =
                subscribe(client, of(ModelDatabase.BUSY).put("snapshot", true));
        room.reached.await();
        subscription.changeViewer(REFUSED);
        client.awaits("refused");
        subscription.changeViewer(ANON);
        await().atMost(PATIENCE).until(() -> path.waitingSnapshots() + path.snapshots() > 1);
        room.open.countDown();
        client.awaits("rows 1");
        commit(ModelDatabase.BUSY, 2);
        client.awaits("change 1");
        await().during(Duration.ofMillis(300)).until(() -> client.count("rows 1") == 1);
    }

    @Test
    void changesComeOnceAfterRefusal() throws Exception {
        Client client = new Client();
        ChangeFeed.Subscription subscription =
                subscribe(client, of(ModelDatabase.BUSY).put("snapshot", true));
        client.awaits("rows 1");
        subscription.changeViewer(REFUSED);
        client.awaits("refused");
        Gate rows = new Gate();
        beforeRows = rows;
        subscription.changeViewer(ANON);
        rows.reached.await();
        commit(ModelDatabase.BUSY, 2);
        rows.open.countDown();
        await().atMost(PATIENCE).until(() -> client.count("rows 1") == 2);
        commit(ModelDatabase.BUSY, 4);
        await().atMost(PATIENCE).until(() -> client.count("change 1") >= 2);
        assertThat(client.told).containsExactly("rows 1", "refused", "change 1", "rows 1", "change 1");
    }

    // -- pending resets

    @Test
    void pendingResetIsSentWithDrop() throws Exception {
        slow = Set.of(ModelDatabase.BUSY);
        Gate asking = new Gate();
        beforeAnswer = table -> {
            if (table.equals(ModelDatabase.QUIET)) {
                asking.run();
            }
        };
        Client client = new Client();
        var _ = subscribe(
                client,
                of(ModelDatabase.BUSY).put("filter", ASKED),
                of(ModelDatabase.QUIET).put("filter", ASKED));
        client.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        client.awaits("reset 1");
        commit(ModelDatabase.BUSY, 4);
        await().atMost(PATIENCE).until(() -> path.counters().failures() == 2);
        commit(ModelDatabase.QUIET, 2);
        asking.reached.await();
        clock.addAndGet(Duration.ofSeconds(31).toNanos());
        await().atMost(PATIENCE).until(() -> {
            path.expire();
            return client.count("reset 1") == 2 && client.count("reset 2") == 1;
        });
        asking.open.countDown();
    }

    @Test
    void waitingBytesAreBounded() throws Exception {
        Gate asking = new Gate();
        Client client = new Client();
        var _ = subscribe(client, of(ModelDatabase.BUSY).put("filter", ASKED));
        client.awaits("live");
        // from here on the table's rights are confirmed, and nothing is held for them
        commit(ModelDatabase.BUSY, 2);
        client.awaits("change 1");
        beforeAnswer = _ -> asking.run();
        String big = "x".repeat(1 << 20);
        for (int i = 0; i <= PendingLimits.BYTES_MAX >> 20; i++) {
            commit(ModelDatabase.row(ModelDatabase.BUSY, 2 * i, big));
        }
        await().atMost(PATIENCE).until(() -> {
            path.expire();
            return client.told.contains("reset 1");
        });
        asking.open.countDown();
    }

    @Test
    void longestWaitingChangeIsDroppedFirst() throws Exception {
        Client slowest = new Client();
        Client other = new Client();
        var _ = subscribe(slowest, of(ModelDatabase.BUSY).put("filter", ASKED));
        var _ = subscribe(other, of(ModelDatabase.QUIET).put("filter", ASKED));
        slowest.awaits("live");
        other.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        commit(ModelDatabase.QUIET, 2);
        slowest.awaits("change 1");
        other.awaits("change 1");
        Map<Table, Gate> asking = Map.of(ModelDatabase.BUSY, new Gate(), ModelDatabase.QUIET, new Gate());
        beforeAnswer = table -> asking.get(table).run();
        String big = "x".repeat(1 << 20);
        for (int i = 0; i < (PendingLimits.BYTES_MAX >> 20) - 2; i++) {
            commit(ModelDatabase.row(ModelDatabase.BUSY, 2 * i, big));
        }
        clock.addAndGet(Duration.ofSeconds(1).toNanos());
        for (int i = 0; i < 3; i++) {
            commit(ModelDatabase.row(ModelDatabase.QUIET, 2 * i, big));
        }
        slowest.awaits("reset 1");
        asking.values().forEach(gate -> gate.open.countDown());
        await().atMost(PATIENCE).until(() -> other.count("change 1") == 4);
        assertThat(other.told).doesNotContain("reset 1");
    }

    @Test
    void heldTableDropsNoOther() {
        Client client = new Client();
        var _ = subscribe(client, of(ModelDatabase.BUSY), of(ModelDatabase.QUIET));
        client.awaits("live");
        unsettled = Set.of(ModelDatabase.BUSY.id(), ModelDatabase.QUIET.id());
        String big = "x".repeat(1 << 20);
        for (int i = 0; i < (PendingLimits.BYTES_MAX >> 20) - 2; i++) {
            commit(ModelDatabase.row(ModelDatabase.BUSY, i, big));
        }
        for (int i = 0; i < 3; i++) {
            commit(ModelDatabase.row(ModelDatabase.QUIET, i, big));
        }
        unsettled = Set.of();
        await().atMost(PATIENCE).until(() -> path.deliveredThrough().equals(last()));
        assertThat(client.told).contains("reset 1").doesNotContain("reset 2");
        assertThat(client.count("change 2")).isEqualTo(3);
    }

    @Test
    void replayWaitingForPostgresLetsOthersBegin() {
        Client first = new Client();
        var _ = subscribe(first, of(ModelDatabase.BUSY));
        first.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        first.awaits("change 1");
        away = true;
        List<Client> replaying = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Client client = new Client();
            replaying.add(client);
            var _ = subscribe(
                    client, of(ModelDatabase.BUSY).put("filter", ASKED).put("resume", first.position));
        }
        Client other = new Client();
        await().during(Duration.ofMillis(200)).until(() -> replaying.stream().allMatch(one -> one.told.isEmpty()));
        var _ = subscribe(other, of(ModelDatabase.QUIET));
        other.awaits("live");
        away = false;
        replaying.forEach(client -> client.awaits("change 1"));
    }

    @Test
    void closedSubscriptionLeavesNothing() {
        Client first = new Client();
        var _ = subscribe(first, of(ModelDatabase.BUSY));
        first.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        commit(ModelDatabase.BUSY, 4);
        await().atMost(PATIENCE).until(() -> first.count("change 1") == 2);
        slow = Set.of(ModelDatabase.BUSY);
        Gate room = new Gate();
        Client client = new Client();
        AtomicInteger calls = new AtomicInteger();
        client.awaitRoom = () -> {
            if (calls.incrementAndGet() == 2) {
                room.run();
            }
        };
        ChangeFeed.Subscription subscription =
                subscribe(client, of(ModelDatabase.BUSY).put("filter", ASKED).put("resume", first.position));
        await().atMost(PATIENCE).until(() -> room.reached.getCount() == 0);
        subscription.close();
        room.open.countDown();
        await().during(Duration.ofMillis(100)).until(() -> {
            path.expire();
            return path.waiting() == 0;
        });
    }

    @Test
    void nothingIsDeliveredDuringTokenCheck() {
        Client client = new Client();
        ChangeFeed.Subscription subscription = subscribe(client, of(ModelDatabase.BUSY));
        client.awaits("live");
        subscription.pause();
        commit(ModelDatabase.BUSY, 2);
        subscription.pause();
        subscription.changeViewer(new Viewer("anon", "{\"sub\":\"2\"}"));
        subscription.resume();
        await().during(Duration.ofMillis(200)).until(() -> client.count("change 1") == 0);
        subscription.resume();
        client.awaits("change 1");
        assertThat(client.told).containsExactly("live", "live", "change 1");
    }

    // -- once

    @Test
    void projectionsComeOnceDespiteRights() {
        Client client = new Client();
        client.onChange = () -> {
            client.onChange = () -> {};
            rightsClock.addAndGet(Duration.ofHours(3).toNanos());
        };
        ObjectNode ids = of(ModelDatabase.BUSY).put("filter", ASKED);
        ids.putArray("select").add("id");
        var _ = subscribe(client, ids, of(ModelDatabase.BUSY).put("filter", ASKED));
        client.awaits("live");
        commit(ModelDatabase.BUSY, 2);
        await().atMost(PATIENCE).until(() -> path.deliveredThrough().equals(last()));
        assertThat(client.told).containsExactlyInAnyOrder("live", "change 1", "change 2");
    }

    @Test
    void newTokensLoseNoChange() {
        for (int i = 0; i < 300; i++) {
            var _ = subscribe(new Client(), of(ModelDatabase.BUSY).put("filter", "v=like.a" + i + "%"));
        }
        Client client = new Client();
        ChangeFeed.Subscription subscription =
                subscribe(client, of(ModelDatabase.BUSY).put("filter", "v=eq.x"));
        client.awaits("live");
        CompletableFuture<Void> tokens = CompletableFuture.runAsync(() -> IntStream.range(0, 2_000)
                .forEach(i -> subscription.changeViewer(new Viewer("anon", "{\"n\":" + i + "}"))));
        int changes = 0;
        for (; !tokens.isDone() || changes < 1_000; changes++) {
            commit(ModelDatabase.BUSY, 2L * changes);
        }
        int all = changes;
        await().atMost(PATIENCE).until(() -> path.deliveredThrough().equals(last()));
        assertThat(client.count("change 1")).isEqualTo(all);
    }
}
