package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.delivery.ChangeCounters;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Clients that reconnect name the last change they saw, and receive what they missed or the reason for a reset.
class ResumeTest {
    private static TestPostgres postgres;

    private String slot = "";
    private TestServer server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key, v text)",
                "create table quiet (id int primary key)",
                "create table allowed (yes boolean); insert into allowed values (true); grant select on allowed to anon",
                "create table asked (id int primary key); alter table asked enable row level security",
                "create policy asked on asked using (id % 2 = 0 and exists (select 1 from allowed where yes))",
                "grant select on rows, quiet, asked to anon",
                "create publication supabase_realtime for table rows, quiet, asked");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute("truncate rows, quiet, asked");
        slot = "r" + UUID.randomUUID().toString().replace("-", "");
        start(TestServer.REPLAY);
    }

    private void start(ReplayLimits replay) throws Exception {
        server = TestServer.start(TestServer.settings(postgres.url(), slot, replay));
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    // -- reading frames

    private record Heard(JsonNode system, List<JsonNode> before) {
        List<Integer> ids() {
            return before.stream()
                    .map(change -> change.at("/record/id").asInt())
                    .toList();
        }

        String position() {
            return system.get("position").asText();
        }

        JsonNode resume(int binding) {
            return system.get("resume").get(binding);
        }
    }

    /// Joins and reads until the subscription is live.
    private static Heard join(RawSocket socket, String... bindings) throws Exception {
        assertThat(socket.join("realtime:r", "{\"postgres_changes\":[" + String.join(",", bindings) + "]}")
                        .get("status")
                        .asText())
                .isEqualTo("ok");
        return untilLive(socket);
    }

    private static Heard untilLive(RawSocket socket) throws Exception {
        List<JsonNode> before = new ArrayList<>();
        while (true) {
            JsonNode frame = socket.receiveJson();
            if (frame.get(3).asText().equals("system")) {
                assertThat(frame.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
                return new Heard(frame.get(4), before);
            }
            before.add(frame.at("/4/data"));
        }
    }

    private static JsonNode change(RawSocket socket) throws Exception {
        JsonNode frame = socket.receiveJson();
        assertThat(frame.get(3).asText()).as(frame.toString()).isEqualTo("postgres_changes");
        return frame.at("/4/data");
    }

    private static String binding(String table) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"}";
    }

    private static String binding(String table, String resume) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\",\"resume\":\"" + resume + "\"}";
    }

    private static void assertReset(Heard heard, String reason) {
        assertThat(heard.before()).isEmpty();
        assertThat(heard.resume(0).get("status").asText()).isEqualTo("reset");
        assertThat(heard.resume(0).get("reason").asText()).isEqualTo(reason);
    }

    /// One transaction for each row; they have reached the server when this returns.
    private void insert(int from, int to) {
        commit(
                to - from + 1,
                IntStream.rangeClosed(from, to)
                        .mapToObj(id -> "insert into rows values (" + id + ")")
                        .toArray(String[]::new));
    }

    private void commit(int changes, String... statements) {
        ChangeCounters counters = server.server().project().changes().counters();
        long before = counters.changes();
        postgres.execute(statements);
        await().atMost(Duration.ofSeconds(20)).until(() -> counters.changes() == before + changes);
    }

    private static void insertUnread(int from, int to) {
        IntStream.rangeClosed(from, to).forEach(id -> postgres.execute("insert into rows values (" + id + ")"));
    }

    /// Sees one change and is cut off.
    private JsonNode seeOne(String table) throws Exception {
        try (RawSocket socket = server.open("anon")) {
            join(socket, binding(table));
            postgres.execute("insert into " + table + " values (0)");
            JsonNode seen = change(socket);
            socket.reset();
            return seen;
        }
    }

    // -- one server

    @Test
    void missedChangesComeOnceInOrderBeforeLive() throws Exception {
        JsonNode seen = seeOne("rows");
        insert(1, 600);
        commit(2, "update rows set v = 'x' where id = 7; delete from rows where id = 8");
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(socket, binding("rows", seen.get("position").asText()));
            assertThat(heard.ids().subList(0, 600))
                    .isEqualTo(IntStream.rangeClosed(1, 600).boxed().toList());
            assertThat(heard.before()).hasSize(602);
            assertThat(heard.before().get(600).get("type").asText()).isEqualTo("UPDATE");
            assertThat(heard.before().get(601).get("type").asText()).isEqualTo("DELETE");
            assertThat(heard.resume(0).get("status").asText()).isEqualTo("resumed");
            assertThat(heard.resume(0).get("replayed").asInt()).isEqualTo(602);
            List<String> positions = heard.before().stream()
                    .map(change -> change.get("position").asText())
                    .toList();
            assertThat(positions).isSorted().doesNotHaveDuplicates();
            assertThat(heard.position()).isGreaterThan(positions.getLast());
            insert(1001, 1001);
            JsonNode live = change(socket);
            assertThat(live.at("/record/id").asInt()).isEqualTo(1001);
            assertThat(live.get("position").asText()).isGreaterThan(heard.position());
            assertThat(live.get("position").asText())
                    .startsWith(heard.system().get("epoch").asText());
        }
    }

    @Test
    void resumeWithoutChangesUsesSystemPosition() throws Exception {
        String began;
        try (RawSocket socket = server.open("anon")) {
            began = join(socket, binding("rows")).position();
        }
        insert(1, 3);
        try (RawSocket socket = server.open("anon")) {
            assertThat(join(socket, binding("rows", began)).ids()).containsExactly(1, 2, 3);
        }
    }

    @Test
    void timestampIncludesChangesThatShareIt() throws Exception {
        // A commit's time and its place in the log may disagree by a moment: the first second proves nothing.
        postgres.execute("select pg_sleep(1.1)");
        JsonNode seen = seeOne("rows");
        commit(3, "insert into rows values (1), (2)", "insert into rows values (3)");
        try (RawSocket socket = server.open("anon")) {
            Heard heard =
                    join(socket, binding("rows", seen.get("commit_timestamp").asText()));
            assertThat(heard.ids()).containsExactly(0, 1, 2, 3);
            assertThat(heard.before().getFirst().get("position")).isEqualTo(seen.get("position"));
        }
    }

    @Test
    void eachBindingHasItsOwnPosition() throws Exception {
        JsonNode first = seeOne("rows");
        insert(1, 2);
        JsonNode second;
        try (RawSocket socket = server.open("anon")) {
            second = join(socket, binding("rows", first.get("position").asText()))
                    .before()
                    .getFirst();
        }
        commit(1, "insert into quiet values (5)");
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(
                    socket,
                    binding("rows", first.get("position").asText()),
                    binding("rows", second.get("position").asText()),
                    binding("quiet"),
                    binding("quiet", "nonsense"));
            assertThat(heard.ids()).containsExactly(1, 2);
            assertThat(heard.system().get("resume")).hasSize(3);
            List<String> told = new ArrayList<>();
            heard.system()
                    .get("resume")
                    .forEach(one -> told.add(one.get("status").asText()
                            + one.path("reason").asText()
                            + one.get("replayed").asInt()));
            assertThat(told).containsExactlyInAnyOrder("resumed2", "resumed1", "resetinvalid0");
        }
    }

    @Test
    void replayUsesCurrentPolicies() throws Exception {
        String began;
        try (RawSocket socket = server.open("anon")) {
            began = join(socket, binding("asked")).position();
        }
        commit(1000, "insert into asked select n from generate_series(1, 1000) n");
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(socket, binding("asked", began));
            assertThat(heard.ids())
                    .isEqualTo(IntStream.rangeClosed(1, 500)
                            .map(n -> 2 * n)
                            .boxed()
                            .toList());
        }
        postgres.execute("update allowed set yes = false");
        try (RawSocket socket = server.open("anon")) {
            assertThat(join(socket, binding("asked", began)).before()).isEmpty();
        } finally {
            postgres.execute("update allowed set yes = true");
        }
    }

    /// While a change waits for an answer of Postgres, the feed is ahead of what the client has received.
    @Test
    void positionAfterNewTokenIsNotAhead() throws Exception {
        String told;
        try (Connection locking = postgres.connect();
                Statement lock = locking.createStatement();
                RawSocket socket = server.open("anon")) {
            join(socket, binding("asked"));
            locking.setAutoCommit(false);
            lock.execute("lock table allowed in access exclusive mode");
            commit(1, "insert into asked values (2)");
            String token = new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                    .issue("anon", Map.of("sub", "somebody"), Duration.ofHours(1));
            socket.send("[\"1\",null,\"realtime:r\",\"access_token\",{\"access_token\":\"" + token + "\"}]");
            told = untilLive(socket).position();
        }
        try (RawSocket socket = server.open("anon")) {
            assertThat(join(socket, binding("asked", told)).ids()).containsExactly(2);
        }
    }

    @Test
    void replayLargerThanOutboxWaitsForClient() throws Exception {
        String began;
        try (RawSocket socket = server.open("anon")) {
            began = join(socket, binding("rows")).position();
        }
        server.close();
        start(TestServer.REPLAY, 200_000);
        commit(2000, "insert into rows select n, repeat('x', 5000) from generate_series(1, 2000) n");
        try (RawSocket socket = RawSocket.openWithSmallBuffer(
                server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"))) {
            assertThat(join(socket, binding("rows", began)).before()).hasSize(2000);
        }
    }

    private void start(ReplayLimits replay, long outboxBytes) throws Exception {
        server = TestServer.start(TestServer.settings(postgres.url(), slot, replay, outboxBytes));
    }

    // -- when it cannot be

    @Test
    void invalidAndForeignPositionsAreReset() throws Exception {
        String position = seeOne("rows").get("position").asText();
        for (String invalid : List.of("x", position + "0", position.toUpperCase(java.util.Locale.ROOT) + "Z", "2024")) {
            try (RawSocket socket = server.open("anon")) {
                assertReset(join(socket, binding("rows", invalid)), "invalid");
            }
        }
        String otherEpoch = "0".repeat(12) + position.substring(12);
        String otherHistory = position.substring(0, 12) + "-00ffffffffffffff-00000000";
        for (String foreign : List.of(otherEpoch, otherHistory)) {
            try (RawSocket socket = server.open("anon")) {
                assertReset(join(socket, binding("rows", foreign)), "epoch_changed");
            }
        }
        try (RawSocket socket = server.open("anon")) {
            assertReset(join(socket, "{\"schema\":\"public\",\"table\":\"rows\",\"resume\":5}"), "invalid");
        }
        try (RawSocket socket = server.open("anon")) {
            assertThat(join(socket, binding("rows", "")).system().has("resume")).isFalse();
        }
    }

    @Test
    void evictedPositionExpiresButNotOfQuietTable() throws Exception {
        server.close();
        start(new ReplayLimits(300_000, Duration.ofMinutes(5), 1L << 30, Duration.ZERO));
        JsonNode quiet = seeOne("quiet");
        JsonNode busy = seeOne("rows");
        commit(400, "insert into rows select n, repeat('x', 100) from generate_series(1, 400) n");
        insert(1001, 1100);
        try (RawSocket socket = server.open("anon")) {
            assertReset(join(socket, binding("rows", busy.get("position").asText())), "expired");
        }
        try (RawSocket socket = server.open("anon")) {
            assertReset(
                    join(socket, binding("rows", busy.get("commit_timestamp").asText())), "expired");
        }
        try (RawSocket socket = server.open("anon")) {
            assertReset(
                    join(socket, "{\"schema\":\"public\",\"table\":\"*\",\"resume\":" + quiet.get("position") + "}"),
                    "expired");
        }
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(socket, binding("quiet", quiet.get("position").asText()));
            assertThat(heard.resume(0).get("status").asText()).isEqualTo("resumed");
        }
    }

    @Test
    void tooLargeTransactionLeavesNoSilentGap() throws Exception {
        server.close();
        start(new ReplayLimits(100_000, Duration.ofMinutes(5), 1L << 30, Duration.ZERO));
        JsonNode seen = seeOne("rows");
        try (RawSocket live = server.open("anon");
                RawSocket socket = server.open("anon")) {
            join(live, binding("rows"));
            postgres.execute("insert into rows select n, repeat('x', 100) from generate_series(1, 5000) n");
            for (int id = 1; id <= 5000; id++) {
                assertThat(change(live).at("/record/id").asInt()).isEqualTo(id);
            }
            assertReset(join(socket, binding("rows", seen.get("position").asText())), "expired");
        }
    }

    @Test
    void changedRightsOrColumnsAreReset() throws Exception {
        postgres.execute(
                "create table changing (id int primary key, a text, b text)",
                "grant select (id, a) on changing to anon",
                "alter publication supabase_realtime add table changing");
        JsonNode seen = seeOne("changing");
        postgres.execute("grant select (b) on changing to anon");
        assertBecomes("rights_changed", seen);
        postgres.execute("drop table changing");
    }

    @Test
    void changedColumnsAreReset() throws Exception {
        postgres.execute(
                "create table growing (id int primary key)",
                "grant select on growing to anon",
                "alter publication supabase_realtime add table growing");
        JsonNode seen = seeOne("growing");
        commit(1, "alter table growing add c int default 1", "insert into growing values (5)");
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(socket, binding("growing", seen.get("position").asText()));
            assertReset(heard, "schema_changed");
        }
        postgres.execute("drop table growing");
    }

    /// Rights are looked at once a second.
    private void assertBecomes(String reason, JsonNode seen) {
        await().atMost(Duration.ofSeconds(10)).untilAsserted(() -> {
            try (RawSocket socket = server.open("anon")) {
                commit(1, "insert into quiet select count(*) from quiet");
                assertReset(
                        join(socket, binding("changing", seen.get("position").asText())), reason);
            }
        });
    }

    // -- across restarts

    @Test
    void windowIsFilledAgainAfterRestart() throws Exception {
        JsonNode seen = seeOne("rows");
        insert(1, 10);
        server.close();
        insertUnread(11, 20);
        start(TestServer.REPLAY);
        await().until(() -> server.server().project().changes().counters().changes() >= 20);
        insert(21, 22);
        try (RawSocket socket = server.open("anon")) {
            Heard heard = join(socket, binding("rows", seen.get("position").asText()));
            assertThat(heard.ids())
                    .isEqualTo(IntStream.rangeClosed(1, 22).boxed().toList());
        }
        try (RawSocket socket = server.open("anon")) {
            Heard heard =
                    join(socket, binding("rows", seen.get("commit_timestamp").asText()));
            assertThat(heard.resume(0).get("status").asText()).isIn("resumed", "reset");
        }
    }

    @Test
    void joinAfterRestartGetsMissedChanges() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            join(socket, binding("rows"));
            insert(1, 3);
            for (int id = 1; id <= 3; id++) {
                assertThat(change(socket).at("/record/id").asInt()).isEqualTo(id);
            }
        }
        server.close();
        insertUnread(11, 13);
        start(TestServer.REPLAY);
        await().until(() -> server.server().project().changes().counters().changes() >= 3);
        insertUnread(14, 14);
        try (RawSocket socket = server.open("anon")) {
            List<Integer> ids = new ArrayList<>(join(socket, binding("rows")).ids());
            while (!ids.contains(14)) {
                ids.add(change(socket).at("/record/id").asInt());
            }
            assertThat(ids).containsExactly(11, 12, 13, 14);
        }
    }

    @Test
    void backlogLargerThanWindowWaitsForClients() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            join(socket, binding("rows"));
        }
        server.close();
        insertUnread(1, 300);
        start(new ReplayLimits(100_000, Duration.ofMinutes(5), 1L << 30, Duration.ofSeconds(5)));
        try (RawSocket socket = server.open("anon")) {
            List<Integer> ids = new ArrayList<>(join(socket, binding("rows")).ids());
            while (ids.size() < 300) {
                ids.add(change(socket).at("/record/id").asInt());
            }
            assertThat(ids).isEqualTo(IntStream.rangeClosed(1, 300).boxed().toList());
        }
    }

    @Test
    void droppedSlotResetsAllClientsAndOldPositions() throws Exception {
        JsonNode seen = seeOne("rows");
        try (RawSocket socket = server.open("anon")) {
            Heard before = join(socket, binding("rows"));
            postgres.execute("select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = '"
                    + slot + "'");
            await().ignoreExceptions().until(() -> {
                postgres.execute("select pg_drop_replication_slot('" + slot + "')");
                return true;
            });
            Heard told = untilLive(socket);
            assertThat(told.resume(0).get("reason").asText()).isEqualTo("epoch_changed");
            assertThat(told.system().get("epoch")).isNotEqualTo(before.system().get("epoch"));
            insert(1, 1);
            assertThat(change(socket).at("/record/id").asInt()).isEqualTo(1);
        }
        try (RawSocket socket = server.open("anon")) {
            assertReset(join(socket, binding("rows", seen.get("position").asText())), "epoch_changed");
        }
    }

    // -- the log

    @Test
    void windowReleasesSlotAtBudgetWhileLive() throws Exception {
        server.close();
        start(new ReplayLimits(64L << 20, Duration.ofMinutes(5), 2 << 20, Duration.ZERO));
        JsonNode seen = seeOne("rows");
        try (RawSocket live = server.open("anon");
                RawSocket socket = server.open("anon")) {
            join(live, binding("rows"));
            insert(5, 5);
            change(live);
            assertThat(confirmed()).isLessThan(commitOf(seen));
            postgres.execute("create table noise (t text)");
            await().atMost(Duration.ofSeconds(20)).until(() -> {
                postgres.execute("insert into noise select repeat(md5(n::text), 30) from generate_series(1, 3000) n");
                return confirmed().compareTo(commitOf(seen)) > 0
                        || server.server().project().feedStatus().transactions() == 0;
            });
            insert(1, 1);
            assertThat(change(live).at("/record/id").asInt()).isEqualTo(1);
            assertReset(join(socket, binding("rows", seen.get("position").asText())), "expired");
        } finally {
            postgres.execute("drop table if exists noise");
        }
    }

    private static String commitOf(JsonNode change) {
        return change.get("position").asText().substring(13, 29);
    }

    private String confirmed() throws Exception {
        return hex("confirmed_flush_lsn", "from pg_replication_slots where slot_name = '" + slot + "'");
    }

    private static String logEnd() throws Exception {
        return hex("pg_current_wal_insert_lsn()", "");
    }

    private static String hex(String lsn, String from) throws Exception {
        try (var connection = postgres.connect();
                var statement = connection.createStatement();
                var row = statement.executeQuery(
                        "select lpad(to_hex((" + lsn + " - '0/0'::pg_lsn)::bigint), 16, '0') " + from)) {
            row.next();
            return row.getString(1);
        }
    }

    @Test
    void oldChangesAreEvictedAndSlotAdvances() throws Exception {
        server.close();
        start(new ReplayLimits(64L << 20, Duration.ofSeconds(2), 1L << 30, Duration.ZERO));
        JsonNode seen = seeOne("rows");
        insert(1, 1);
        String afterFirst = logEnd();
        insert(2, 2); // the last change stays in the window
        await().atMost(Duration.ofSeconds(15)).until(() -> confirmed().compareTo(afterFirst) >= 0);
        try (RawSocket socket = server.open("anon")) {
            assertReset(join(socket, binding("rows", seen.get("position").asText())), "expired");
        }
    }
}
