package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SnapshotLimits;
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

/// A binding with a snapshot begins with its rows, as the viewer may see them, and continues with the changes after
/// them.
class SnapshotTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private static TestPostgres postgres;

    private String slot = "";
    private TestServer server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "grant usage on schema public to anon, authenticated",
                "create table rows (id int primary key, v text, at timestamptz)",
                "create table own (id int primary key, owner uuid, v text); alter table own enable row level security",
                "create policy own on own using (owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid)",
                "create table partly (id int primary key, pub text, secret text)",
                "grant select (id, pub) on partly to anon",
                "create table listed (id int primary key, a int, b int)",
                "create table computed (id int primary key, g int generated always as (id * 2) stored)",
                "create table parent (id int primary key); create table child () inherits (parent)",
                "create table hidden (id int primary key)",
                "create table moved (id int primary key, v text); alter table moved replica identity full",
                "create table fails (id int primary key); alter table fails enable row level security",
                "create policy fails on fails using (1 / (id - 3) is not null)",
                // reading it waits for the holder of the lock
                "create function gate(int) returns boolean language plpgsql as $$ begin"
                        + " perform pg_advisory_xact_lock_shared(42); return true; end $$",
                "create table gated (id int primary key); alter table gated enable row level security",
                "insert into gated values (1); create policy gated on gated using (gate(id))",
                "create domain positive as int check (value > 0); create type mood as enum ('sad', 'ok', 'happy')",
                "create type pair as (a int, b text)",
                "create table types (id int primary key, b bool, i2 int2, i8 int8, n numeric, f4 float4, f8 float8,"
                        + " t text, vc varchar(9), c char(5), ch \"char\", nm name, by bytea, d date, ti time, tz timetz,"
                        + " ts timestamp, tstz timestamptz, iv interval, u uuid, j json, jb jsonb, ip inet, ci cidr,"
                        + " ma macaddr, bi bit(3), vb varbit, m money, x xml, po point, bx box[], ir int4range,"
                        + " ia int[], ta text[][], dp positive, mo mood, ma2 mood[], p pair, pa pair[], tsv tsvector)",
                "grant select on rows, moved, listed, computed, parent, child, types, fails, gated to anon",
                "grant select on own to authenticated; grant select on rows to authenticated",
                "create publication supabase_realtime for table rows, own, partly, listed (id, a) where (id > 1),"
                        + " computed, parent, child, hidden, moved, fails, gated, types");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute("truncate rows, own, partly, listed, computed, parent, child, hidden, moved, fails, types");
        slot = "n" + UUID.randomUUID().toString().replace("-", "");
        start(TestServer.REPLAY);
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private void start(ReplayLimits replay) throws Exception {
        server = TestServer.start(TestServer.settings(postgres.url(), slot, replay));
    }

    private void restart(SnapshotLimits limits) throws Exception {
        server.close();
        start(new ReplayLimits(64L << 20, Duration.ofMinutes(5), 1L << 30, Duration.ZERO, limits));
    }

    // -- reading frames

    /// @param chunks each `snapshot` object
    /// @param system the message that ends it
    private record Begun(List<JsonNode> chunks, List<JsonNode> changes, JsonNode system) {
        List<JsonNode> rows() {
            List<JsonNode> rows = new ArrayList<>();
            for (JsonNode chunk : chunks) {
                if (chunk.get("first").asBoolean()) {
                    rows.clear();
                }
                chunk.get("rows").forEach(rows::add);
            }
            return rows;
        }

        List<Integer> ids() {
            return rows().stream().map(row -> row.get("id").asInt()).toList();
        }

        JsonNode answer() {
            return system.get("resume").get(0);
        }
    }

    private static Begun join(RawSocket socket, String binding) throws Exception {
        socket.patience(PATIENCE);
        assertThat(socket.join("realtime:r", "{\"postgres_changes\":[" + binding + "]}")
                        .get("status")
                        .asText())
                .isEqualTo("ok");
        return begun(socket);
    }

    private static Begun begun(RawSocket socket) throws Exception {
        List<JsonNode> chunks = new ArrayList<>();
        List<JsonNode> changes = new ArrayList<>();
        while (true) {
            JsonNode frame = socket.receiveJson();
            JsonNode payload = frame.get(4);
            if (frame.get(3).asText().equals("postgres_changes")) {
                changes.add(payload.get("data"));
            } else if (payload.has("snapshot")) {
                assertThat(payload.get("status").asText()).isEqualTo("ok");
                assertThat(payload.get("extension").asText()).isEqualTo("postgres_changes");
                assertThat(payload.get("message").asText()).isEqualTo("Snapshot of PostgreSQL");
                assertThat(payload.get("channel").asText()).isEqualTo("r");
                chunks.add(payload.get("snapshot"));
            } else {
                return new Begun(chunks, changes, payload);
            }
        }
    }

    private Begun begin(String role, String binding) throws Exception {
        try (RawSocket socket = server.open(role)) {
            Begun begun = join(socket, binding);
            assertThat(begun.system.get("message").asText()).isEqualTo("Subscribed to PostgreSQL");
            return begun;
        }
    }

    private String refusal(String binding) throws Exception {
        try (RawSocket socket = server.open("anon")) {
            JsonNode system = join(socket, binding).system;
            assertThat(system.get("status").asText()).as(system.toString()).isEqualTo("error");
            return system.get("message").asText();
        }
    }

    private static String binding(String table, String more) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"" + (more.isEmpty() ? "" : "," + more)
                + "}";
    }

    private static String user(String id) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", id), Duration.ofHours(1));
    }

    private RawSocket openAs(String id) throws Exception {
        return openWith(user(id));
    }

    private RawSocket openWith(String token) throws Exception {
        return RawSocket.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of());
    }

    // -- contents

    @Test
    void rowsComeBeforeLaterChanges() throws Exception {
        postgres.execute("insert into rows select n, 'v' || n from generate_series(1, 3) n");
        try (RawSocket socket = server.open("anon")) {
            Begun begun = join(socket, binding("rows", "\"snapshot\":true"));
            assertThat(begun.chunks()).hasSize(1);
            JsonNode chunk = begun.chunks().getFirst();
            assertThat(chunk.get("first").asBoolean()).isTrue();
            assertThat(chunk.get("last").asBoolean()).isTrue();
            assertThat(chunk.get("columns").toString()).isEqualTo("""
                            [{"name":"id","type":"int4"},{"name":"v","type":"text"},{"name":"at",\
                            "type":"timestamptz"}]""");
            assertThat(begun.rows().getFirst().toString()).isEqualTo("{\"id\":1,\"v\":\"v1\",\"at\":null}");
            assertThat(begun.ids()).containsExactly(1, 2, 3);
            assertThat(begun.answer().get("id").asInt())
                    .isEqualTo(chunk.get("id").asInt());
            assertThat(begun.answer().get("status").asText()).isEqualTo("snapshot");
            assertThat(begun.answer().get("rows").asInt()).isEqualTo(3);
            assertThat(begun.answer().get("replayed").asInt()).isZero();
            assertThat(begun.answer().has("reason")).isFalse();
            postgres.execute("insert into rows values (4, 'v4')");
            JsonNode change = socket.receiveJson();
            assertThat(change.at("/4/data/record/id").asInt()).isEqualTo(4);
            assertThat(change.at("/4/ids/0").asInt()).isEqualTo(chunk.get("id").asInt());
        }
    }

    @Test
    void emptyTableGivesOneEmptyChunk() throws Exception {
        Begun begun = begin("anon", binding("rows", "\"snapshot\":true"));
        assertThat(begun.chunks()).hasSize(1);
        assertThat(begun.chunks().getFirst().get("first").asBoolean()).isTrue();
        assertThat(begun.chunks().getFirst().get("last").asBoolean()).isTrue();
        assertThat(begun.rows()).isEmpty();
    }

    @Test
    void bindingWithoutSnapshotIsUnchanged() throws Exception {
        postgres.execute("insert into rows values (1)");
        for (String none : List.of("", "\"snapshot\":false", "\"snapshot\":null")) {
            Begun begun = begin("anon", binding("rows", none));
            assertThat(begun.chunks()).isEmpty();
            assertThat(begun.system().has("resume")).isFalse();
        }
    }

    @Test
    void filterOrderAndLimitAreThoseOfPostgres() throws Exception {
        postgres.execute(
                "insert into rows select n, case when n % 3 > 0 then 'v' || n end, timestamptz '2024-01-01Z' + n * interval '1 h'"
                        + " from generate_series(1, 9) n");
        assertThat(begin("anon", binding("rows", "\"filter\":\"id=gt.6\",\"snapshot\":true"))
                        .ids())
                .containsExactlyInAnyOrder(7, 8, 9);
        assertThat(begin("anon", binding("rows", "\"snapshot\":{\"order\":\"at.desc\",\"limit\":3}"))
                        .ids())
                .containsExactly(9, 8, 7);
        assertThat(begin("anon", binding("rows", "\"snapshot\":{\"order\":\"v.desc.nullslast,id.desc\",\"limit\":8}"))
                        .ids())
                .containsExactly(8, 7, 5, 4, 2, 1, 9, 6);
        assertThat(begin(
                                "anon",
                                binding(
                                        "rows",
                                        "\"filter\":\"or=(v.is.null,at.gte.2024-01-01 08:00Z)\",\"snapshot\":{\"order\":\"v.nullsfirst,id\"}"))
                        .ids())
                .containsExactly(3, 6, 9, 8);
        assertThat(begin("anon", binding("rows", "\"snapshot\":{\"limit\":0}")).ids())
                .isEmpty();
    }

    @Test
    void eachViewerGetsItsOwnRows() throws Exception {
        postgres.execute("insert into own values (1, '" + ALICE + "'), (2, '" + BOB + "'), (3, '" + ALICE + "')");
        try (RawSocket alice = openAs(ALICE);
                RawSocket bob = openAs(BOB)) {
            assertThat(join(alice, binding("own", "\"snapshot\":{\"order\":\"id\"}"))
                            .ids())
                    .containsExactly(1, 3);
            assertThat(join(bob, binding("own", "\"snapshot\":{\"order\":\"id\"}"))
                            .ids())
                    .containsExactly(2);
            postgres.execute("insert into own values (4, '" + BOB + "'), (5, '" + ALICE + "')");
            assertThat(alice.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(5);
            assertThat(bob.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(4);
        }
    }

    @Test
    void onlyReadableSelectedColumnsAreSent() throws Exception {
        postgres.execute("insert into partly values (1, 'p', 's')", "insert into rows values (1, 'v')");
        assertThat(begin("anon", binding("partly", "\"snapshot\":true")).rows())
                .hasToString("[{\"id\":1,\"pub\":\"p\"}]");
        assertThat(begin("anon", binding("rows", "\"select\":[\"v\"],\"snapshot\":true"))
                        .rows())
                .hasToString("[{\"id\":1,\"v\":\"v\"}]");
    }

    @Test
    void unpublishedColumnsAreNotSent() throws Exception {
        postgres.execute(
                "insert into listed values (1, 1, 1), (2, 2, 2)",
                "insert into computed values (1)",
                "insert into parent values (1); insert into child values (2)");
        assertThat(begin("anon", binding("listed", "\"snapshot\":true")).rows()).hasToString("[{\"id\":2,\"a\":2}]");
        Begun computed = begin("anon", binding("computed", "\"snapshot\":true"));
        assertThat(computed.rows()).hasToString("[{\"id\":1}]");
        assertThat(computed.chunks().getFirst().get("missing").toString())
                .isEqualTo("{\"g\":\"generated_column_not_published\"}");
        assertThat(refusal(binding("computed", "\"filter\":\"g=eq.2\",\"snapshot\":true")))
                .contains("which changes do not carry");
        assertThat(begin("anon", binding("parent", "\"snapshot\":true")).ids()).containsExactly(1);
    }

    @Test
    void valuesEqualThoseOfChanges() throws Exception {
        String values =
                "(%d, true, -3, 9007199254740993, 1.50, 1.1, 'NaN', E'q\\u00e4\"\\n', 'ab', 'ab', 'x', 'nm', '\\xDEAD',"
                        + " '2024-02-29', '01:02:03.5', '01:02:03+02', '2024-01-01 10:00:00.25', '2024-01-01 10:00:00+02',"
                        + " '1 day 02:00', '" + ALICE
                        + "', '{\"b\": 1.0, \"a\": [1, 2]}', '{\"b\": 1.0, \"a\": null}', '::1/64', '10.0.0.0/8',"
                        + " '08:00:2b:01:02:03', '101', '10', 12.5, '<a>b</a>', '(1,2)', array['(1,2),(0,0)'::box], '[1,5)',"
                        + " '{1,NULL,3}', '{{a,b},{\"c d\",NULL}}', 7, 'happy', '{sad,ok}', '(1,\"x y\")', array[row(2, null)::pair],"
                        + " 'a fat cat')";
        postgres.execute(
                "insert into types values " + String.format(java.util.Locale.ROOT, values, 1),
                "insert into types (id) values (2)");
        try (RawSocket socket = server.open("anon")) {
            Begun begun = join(socket, binding("types", "\"snapshot\":{\"order\":\"id\"}"));
            postgres.execute("insert into types values " + String.format(java.util.Locale.ROOT, values, 1001));
            JsonNode data = socket.receiveJson().at("/4/data");
            assertThat(begun.chunks().getFirst().get("columns")).isEqualTo(data.get("columns"));
            com.fasterxml.jackson.databind.node.ObjectNode row = (com.fasterxml.jackson.databind.node.ObjectNode)
                    begun.rows().getFirst();
            assertThat(row).hasSize(40);
            // Debezium cannot carry them; a row really has them.
            data.path("missing").fieldNames().forEachRemaining(row::remove);
            assertThat(row.toString()).isEqualTo(data.get("record").toString().replace("\"id\":1001", "\"id\":1"));
            assertThat(begun.rows().get(1).get("p").isNull()).isTrue();
        }
    }

    @Test
    void largeTableIsChunkedAndLargeRowCut() throws Exception {
        postgres.execute("insert into rows select n, repeat('x', 1000) from generate_series(1, 500) n");
        Begun begun = begin("anon", binding("rows", "\"snapshot\":{\"order\":\"id\"}"));
        assertThat(begun.ids()).isEqualTo(IntStream.rangeClosed(1, 500).boxed().toList());
        assertThat(begun.chunks().size()).isBetween(7, 10);
        for (int i = 0; i < begun.chunks().size(); i++) {
            assertThat(begun.chunks().get(i).get("first").asBoolean()).isEqualTo(i == 0);
            assertThat(begun.chunks().get(i).get("last").asBoolean())
                    .isEqualTo(i == begun.chunks().size() - 1);
        }
        postgres.execute("truncate rows; insert into rows values (1, 'small'), (2, repeat('y', 2000000))");
        JsonNode chunk = begin("anon", binding("rows", "\"snapshot\":{\"order\":\"id\"}"))
                .chunks()
                .getFirst();
        assertThat(chunk.get("rows").toString()).isEqualTo("""
                        [{"id":1,"v":"small","at":null},{"id":2,"at":null}]""");
        assertThat(chunk.get("too_large").toString()).isEqualTo("[1]");
    }

    @Test
    void membershipKeepsRowsInView() throws Exception {
        postgres.execute("insert into moved values (1, 'a'), (2, 'b'), (3, 'a')");
        try (RawSocket socket = server.open("anon")) {
            Begun begun = join(
                    socket,
                    binding("moved", "\"filter\":\"v=eq.a\",\"membership\":true,\"snapshot\":{\"order\":\"id\"}"));
            assertThat(begun.ids()).containsExactly(1, 3);
            assertThat(begun.answer().get("status").asText()).isEqualTo("snapshot");
            postgres.execute("update moved set v = 'b' where id = 1", "update moved set v = 'a' where id = 2");
            JsonNode left = socket.receiveJson().at("/4/data");
            assertThat(left.get("type").asText()).isEqualTo("DELETE");
            assertThat(left.get("old_record").toString()).isEqualTo("{\"id\":1}");
            assertThat(left.get("membership").asText()).isEqualTo("left");
            JsonNode entered = socket.receiveJson().at("/4/data");
            assertThat(entered.get("type").asText()).isEqualTo("INSERT");
            assertThat(entered.get("record").toString()).isEqualTo("{\"id\":2,\"v\":\"a\"}");
            assertThat(entered.get("membership").asText()).isEqualTo("entered");
        }
    }

    // -- refusals

    @Test
    void unreadableRowsAreRefused() throws Exception {
        assertThat(refusal("""
                {"event":"*","schema":"public","table":"*","snapshot":true}""")).contains("A snapshot is of one table");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"order\":\"nothing\"}")))
                .contains("invalid column for order nothing");
        assertThat(refusal(binding("partly", "\"snapshot\":{\"order\":\"secret\"}")))
                .contains("invalid column for order secret");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"order\":\"id.down\"}")))
                .contains("invalid column for order id.down");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"order\":\"id,\"}"))).contains("`order` names columns");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"limit\":-1}"))).contains("`limit` is a whole number");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"limit\":100001}")))
                .contains("at most 100000 (SNAPSHOT_ROWS)");
        assertThat(refusal(binding("rows", "\"snapshot\":{\"offset\":1}"))).contains("unknown key");
        assertThat(refusal(binding("rows", "\"snapshot\":\"yes\""))).contains("expected true or an object");
        assertThat(refusal(binding("hidden", "\"snapshot\":true"))).contains("TableNotAvailable");
        assertThat(refusal(binding("types", "\"snapshot\":{\"order\":\"j\"}"))).contains("ERROR 42883");
    }

    @Test
    void failingPolicyRefusesWithoutDetails() throws Exception {
        postgres.execute("insert into fails values (1), (2), (3)");
        assertThat(refusal(binding("fails", "\"snapshot\":true")))
                .contains("ERROR 22012")
                .doesNotContain("zero");
    }

    @Test
    void tooManyRowsAreRefusedWithoutLimit() throws Exception {
        restart(new SnapshotLimits(10, Duration.ofSeconds(30), 4, 64 << 10));
        postgres.execute("insert into rows select n from generate_series(1, 10) n");
        assertThat(begin("anon", binding("rows", "\"snapshot\":true")).ids()).hasSize(10);
        postgres.execute("insert into rows values (11)");
        assertThat(refusal(binding("rows", "\"snapshot\":true"))).contains("more than 10 rows (SNAPSHOT_ROWS)");
        assertThat(begin("anon", binding("rows", "\"snapshot\":{\"limit\":10}")).ids())
                .hasSize(10);
    }

    @Test
    void snapshotNeedsTheWindow() throws Exception {
        server.close();
        start(new ReplayLimits(0, Duration.ofMinutes(5), 1L << 30, Duration.ZERO));
        assertThat(refusal(binding("rows", "\"snapshot\":true"))).contains("REPLAY_MEMORY is 0");
    }

    @Test
    void slowReadingIsRefusedInTime() throws Exception {
        restart(new SnapshotLimits(100, Duration.ofMillis(500), 4, 64 << 10));
        try (Connection locking = postgres.connect();
                Statement lock = locking.createStatement()) {
            lock.execute("select pg_advisory_lock(42)");
            assertThat(refusal(binding("gated", "\"snapshot\":true"))).contains("took too long");
        }
    }

    // -- resuming

    @Test
    void resumeIsPreferredToSnapshot() throws Exception {
        postgres.execute("insert into rows values (1)");
        Begun first = begin("anon", binding("rows", "\"snapshot\":true"));
        String position = first.system().get("position").asText();
        long before = server.server().project().changes().counters().changes();
        postgres.execute("insert into rows values (2)");
        await().atMost(PATIENCE)
                .until(() -> server.server().project().changes().counters().changes() > before);
        Begun resumed = begin("anon", binding("rows", "\"snapshot\":true,\"resume\":\"" + position + "\""));
        assertThat(resumed.chunks()).isEmpty();
        assertThat(resumed.answer().get("status").asText()).isEqualTo("resumed");
        assertThat(resumed.changes()).hasSize(1);
        Begun anew = begin("anon", binding("rows", "\"snapshot\":true,\"resume\":\"nonsense\""));
        assertThat(anew.ids()).containsExactlyInAnyOrder(1, 2);
        assertThat(anew.answer().get("status").asText()).isEqualTo("snapshot");
        assertThat(anew.answer().get("reason").asText()).isEqualTo("invalid");
        assertThat(begin("anon", binding("rows", "\"snapshot\":true,\"resume\":null"))
                        .answer()
                        .has("reason"))
                .isFalse();
    }

    @Test
    void snapshotAfterRestartHasNoGap() throws Exception {
        server.close();
        postgres.execute("insert into rows values (1)", "insert into rows values (2)");
        start(TestServer.REPLAY);
        try (RawSocket socket = server.open("anon")) {
            Begun begun = join(socket, binding("rows", "\"snapshot\":true"));
            assertThat(begun.ids()).containsExactlyInAnyOrder(1, 2);
            assertThat(begun.changes()).isEmpty();
            postgres.execute("insert into rows values (3)");
            assertThat(socket.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(3);
        }
    }

    // -- many and slow clients

    @Test
    void equalWaitingSnapshotsAreReadOnce() throws Exception {
        restart(new SnapshotLimits(100, Duration.ofMinutes(3), 1, 64 << 10));
        postgres.execute("insert into own values (1, '" + ALICE + "'), (2, '" + BOB + "')");
        List<RawSocket> sockets = new ArrayList<>();
        try (Connection locking = postgres.connect();
                Statement lock = locking.createStatement()) {
            lock.execute("select pg_advisory_lock(42)");
            sockets.add(server.open("anon"));
            sockets.getFirst().join("realtime:r", joining(binding("gated", "\"snapshot\":true")));
            await().atMost(PATIENCE).until(() -> snapshots() == 1);
            // Viewers differ when their tokens do, also in their time.
            String anon = TestServer.token("anon");
            for (int i = 0; i < 10; i++) {
                sockets.add(openWith(anon));
                sockets.getLast().join("realtime:r", joining(binding("gated", "\"snapshot\":true")));
            }
            for (String user : List.of(ALICE, BOB)) {
                sockets.add(openAs(user));
                sockets.getLast().join("realtime:r", joining(binding("own", "\"snapshot\":true")));
            }
            await().atMost(PATIENCE).until(() -> waiting() == 12);
            lock.execute("select pg_advisory_unlock(42)");
            for (int i = 0; i < sockets.size(); i++) {
                sockets.get(i).patience(PATIENCE);
                assertThat(begun(sockets.get(i)).ids()).containsExactly(i == 12 ? 2 : 1);
            }
            assertThat(snapshots()).isEqualTo(4);
        } finally {
            for (RawSocket socket : sockets) {
                socket.close();
            }
        }
    }

    private static String joining(String binding) {
        return "{\"postgres_changes\":[" + binding + "]}";
    }

    private long snapshots() {
        return server.server().project().changes().snapshots();
    }

    private int underWay() {
        return server.server().project().changes().snapshotsUnderWay();
    }

    private int waiting() {
        return server.server().project().changes().waitingSnapshots();
    }

    @Test
    void slowSnapshotClientHoldsNoTransaction() throws Exception {
        server.close();
        server = TestServer.start(TestServer.settings(
                postgres.url(),
                slot,
                new ReplayLimits(
                        64L << 20,
                        Duration.ofMinutes(5),
                        1L << 30,
                        Duration.ZERO,
                        new SnapshotLimits(100_000, Duration.ofSeconds(32), 4, 64 << 10)),
                1 << 20));
        postgres.execute("insert into rows select n, repeat(md5(n::text), 30) from generate_series(1, 12000) n");
        try (RawSocket slow = RawSocket.openWithSmallBuffer(
                server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon"))) {
            slow.join("realtime:r", joining(binding("rows", "\"snapshot\":true")));
            await().atMost(PATIENCE).until(() -> snapshots() == 1);
            await().atMost(PATIENCE).until(() -> underWay() == 0);
            assertThat(transactions()).isZero();
            slow.patience(PATIENCE);
            JsonNode end = begun(slow).system();
            assertThat(end.get("status").asText()).isEqualTo("error");
            assertThat(end.get("message").asText()).contains("did not take its rows in time");
        }
        assertThat(begin("anon", binding("rows", "\"snapshot\":true")).ids()).hasSize(12_000);
    }

    private static int transactions() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select count(*) from pg_stat_activity where pid <> pg_backend_pid()"
                        + " and backend_type = 'client backend' and state <> 'idle' and query like '%from only%'")) {
            row.next();
            return row.getInt(1);
        }
    }
}
