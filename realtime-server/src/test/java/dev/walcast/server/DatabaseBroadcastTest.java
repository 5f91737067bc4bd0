package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.messages.DatabaseBroadcasts.Dropped;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.setup.MessagesDatabase;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import dev.walcast.server.topic.MessageHistory.StoredMessage;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Messages stored in the database are broadcast through the single slot, exactly as the reference sends them.
class DatabaseBroadcastTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestPostgres postgres;
    private static ServerSettings settings;

    private final List<Sent> sent = Collections.synchronizedList(new ArrayList<>());

    /// A broadcast that topics received; ids of messages are replaced by `ID`.
    private record Sent(String topic, boolean isPrivate, String event, int encoding, String meta, String payload) {}

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        Migrations.run(MessagesDatabase.prepare(postgres));
        postgres.execute(
                "create table bc_src (id int primary key, v text)",
                "create table plain (id int primary key); grant select on plain to anon",
                "create function bc_trg() returns trigger language plpgsql security definer as $$ begin perform"
                        + " realtime.broadcast_changes('room:dbchanges', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);"
                        + " return coalesce(new, old); end $$",
                "create trigger bc after insert or update or delete on bc_src for each row execute function bc_trg()",
                "alter publication supabase_realtime add table plain",
                "create policy lab on realtime.messages for all to authenticated using (realtime.topic() like 'room:%')");
        settings =
                TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), "database_broadcast");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void forgetEarlierMessages() {
        postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots where not active");
    }

    private Project project() {
        return project(settings);
    }

    private Project project(ServerSettings settings) {
        Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
        supervisors.add(supervisor);
        return new Project(settings, this::record, () -> {}, supervisor, Clock.systemUTC(), System::nanoTime);
    }

    @AfterEach
    void stopThreads() {
        supervisors.forEach(Supervisor::close);
    }

    private final List<Supervisor> supervisors = new ArrayList<>();

    private void record(Broadcast broadcast, boolean isPrivate) {
        Broadcast.User user = (Broadcast.User) broadcast;
        sent.add(new Sent(
                user.topic().text(),
                isPrivate,
                user.event(),
                user.encoding() == Broadcast.Encoding.JSON ? 1 : 0,
                user.stored().map(Broadcast.Stored::json).orElse("").replaceAll(ID, "ID"),
                new String(
                                user.payload().bytes(),
                                user.payload().offset(),
                                user.payload().length(),
                                UTF_8)
                        .replaceAll(ID, "ID")));
    }

    @Test
    void recordedMessagesArriveByteForByte() throws Exception {
        List<Sent> expected = new ArrayList<>();
        try (Project project = project()) {
            project.start();
            assertThat(project.broadcastsFromDatabase()).isTrue();
            Map<String, Boolean> privateRooms =
                    Map.of("realtime:room:db", true, "realtime:room:dbchanges", true, "realtime:pubdb", false);
            for (JsonNode line : transcript()) {
                if (line.path("dir").asText().equals("sql")) {
                    postgres.execute(line.get("data").asText());
                } else if (line.path("type").asText().equals("binary")) {
                    expected.add(
                            frame(Base64.getDecoder().decode(line.get("base64").asText()), privateRooms));
                }
            }
            awaitLast("pubdb");
            Set<String> joined = privateRooms.keySet();
            assertThat(sent)
                    .filteredOn(one -> joined.contains(one.topic()) && privateRooms.get(one.topic()) == one.isPrivate())
                    .filteredOn(one -> !one.event().equals("last"))
                    .containsExactlyElementsOf(expected);
            assertThat(expected).hasSize(9);
        }
        assertThat(new HashSet<>(sent)).anyMatch(one -> one.topic().equals("realtime:pubdb") && one.isPrivate());
    }

    private static List<JsonNode> transcript() throws Exception {
        try (InputStream in = DatabaseBroadcastTest.class.getResourceAsStream("/golden/db_broadcast.v2.jsonl")) {
            List<JsonNode> lines = new ArrayList<>();
            for (String line : new String(Objects.requireNonNull(in).readAllBytes(), UTF_8)
                    .lines()
                    .toList()) {
                lines.add(JSON.readTree(line));
            }
            return lines;
        }
    }

    private static Sent frame(byte[] frame, Map<String, Boolean> privateRooms) {
        assertThat(frame[0]).isEqualTo((byte) 4);
        int topic = 5;
        int event = topic + frame[1];
        int meta = event + frame[2];
        int payload = meta + frame[3];
        String name = new String(frame, topic, event - topic, UTF_8);
        return new Sent(
                name,
                privateRooms.get(name),
                new String(frame, event, meta - event, UTF_8),
                frame[4],
                new String(frame, meta, payload - meta, UTF_8).replaceAll(ID, "ID"),
                new String(frame, payload, frame.length - payload, UTF_8).replaceAll(ID, "ID"));
    }

    private void awaitLast(String topic) {
        postgres.execute("select realtime.send('{}', 'last', '" + topic + "', false)");
        await().atMost(SOON)
                .until(() -> sent.stream().anyMatch(one -> one.event().equals("last")));
    }

    @Test
    void invalidRowIsDroppedAndCounted() throws Exception {
        try (Project project = project()) {
            project.start();
            String columns = "insert into realtime.messages (topic, extension, event, private, payload) values ";
            postgres.execute(
                    columns + "('t', 'broadcast', null, true, '{}')",
                    columns + "('t', 'broadcast', 'e', null, '{}')",
                    columns + "('t', 'broadcast', 'e', true, null)",
                    columns + "(repeat('t', 247), 'broadcast', 'e', true, '{}')",
                    columns + "('t', 'broadcast', repeat('é', 128), true, '{}')",
                    columns + "('t', 'broadcast', 'e', true, jsonb_build_object('a', repeat('x', 4000000)))",
                    columns + "(repeat('t', 246), 'any', repeat('é', 127), true, '[1]')",
                    "update realtime.messages set payload = '{}'");
            awaitLast("t");
            assertThat(project.messages().broadcasts().dropped(Dropped.INCOMPLETE))
                    .isEqualTo(3);
            assertThat(project.messages().broadcasts().dropped(Dropped.NAME_TOO_LONG))
                    .isEqualTo(2);
            assertThat(project.messages().broadcasts().dropped(Dropped.PAYLOAD_TOO_LARGE))
                    .isEqualTo(1);
            assertThat(project.messages().broadcasts().sent()).isEqualTo(2);
            assertThat(sent).hasSize(2).first().extracting(Sent::payload).isEqualTo("[1]");
        }
    }

    @Test
    void permissionTrialIsInvisible() throws Exception {
        try (Project project = project()) {
            project.start();
            TopicPermissions.TopicQuestion question =
                    new TopicPermissions.TopicQuestion(new Viewer("authenticated", "{}"), "room:1", "{}");
            assertThat(project.permissions().read(question, true))
                    .isEqualTo(new TopicPermissions.TopicAccess(true, true));
            assertThat(project.permissions().write(question)).isEqualTo(new TopicPermissions.TopicAccess(true, true));
            awaitLast("t");
            assertThat(sent).hasSize(1);
            assertThat(project.messages().broadcasts().dropped(Dropped.INCOMPLETE))
                    .isZero();
        }
    }

    @Test
    void privateMessagesAreReplayedOldestFirst() throws Exception {
        postgres.execute(
                "truncate realtime.messages",
                "select realtime.send('{\"n\":1,\"id\":\"one\"}', 'e1', 'room:r')",
                "select realtime.send_binary('\\x00ff', 'e2', 'room:r')",
                "select realtime.send('{\"n\":3,\"id\":\"three\"}', 'e3', 'room:r')",
                "select realtime.send('{}', 'public', 'room:r', false)",
                "select realtime.send('{}', 'other', 'room:s')",
                "insert into realtime.messages (topic, extension, event, private, payload) values"
                        + " ('room:r', 'presence', 'e', true, '{}')");
        try (Project project = project()) {
            project.start();
            Instant hourAgo = Instant.now().minus(Duration.ofHours(1));
            List<StoredMessage> all = project.messages().history().since(Topic.named("room:r"), hourAgo, 25);
            assertThat(all).extracting(StoredMessage::event).containsExactly("e1", "e2", "e3");
            assertThat(all.get(0).payload()).isEqualTo("{\"n\": 1, \"id\": \"one\"}".getBytes(UTF_8));
            assertThat(all.get(0).id()).matches(ID);
            assertThat(all.get(1).encoding()).isEqualTo(Broadcast.Encoding.BINARY);
            assertThat(all.get(1).payload()).containsExactly(0, 0xff);
            assertThat(project.messages().history().since(Topic.named("room:r"), hourAgo, 2))
                    .extracting(StoredMessage::event)
                    .containsExactly("e2", "e3");
            assertThat(project.messages()
                            .history()
                            .since(Topic.named("room:r"), Instant.now().plusSeconds(5), 25))
                    .isEmpty();
        }
    }

    @Test
    void transactionIsReplayedInItsOrder() throws Exception {
        postgres.execute("truncate realtime.messages");
        Instant before = Instant.now().minusSeconds(60);
        List<String> events = IntStream.range(0, 40).mapToObj(n -> "e" + n).toList();
        try (Project project = project()) {
            project.start();
            await().atMost(SOON).until(DatabaseBroadcastTest::hasPartitions);
        }
        // the next slot begins after these, so the order is that of the table
        forgetEarlierMessages();
        sendInOneTransaction("room:o", events);
        postgres.execute("insert into realtime.messages (topic, extension, event, private, payload)"
                + " select 'room:rows', 'broadcast', 'e' || n, true, '{}' from generate_series(0, 39) n");
        try (Project project = project()) {
            project.start();
            for (String topic : List.of("room:o", "room:rows")) {
                assertThat(eventsSince(project, topic, before, 25)).isEqualTo(events.subList(15, 40));
                assertThat(eventsSince(project, topic, before, 2)).containsExactly("e38", "e39");
            }
            sendInOneTransaction("room:told", events);
            await().atMost(SOON).until(() -> sent.size() == 40);
            assertThat(eventsSince(project, "room:told", before, 25)).isEqualTo(events.subList(15, 40));
        }
    }

    @Test
    void sinceComparesCommitTime() throws Exception {
        postgres.execute("truncate realtime.messages");
        try (Project project = project();
                Connection late = postgres.connect();
                Statement statement = late.createStatement()) {
            project.start();
            await().atMost(SOON).until(DatabaseBroadcastTest::hasPartitions);
            late.setAutoCommit(false);
            statement.execute("select realtime.send('{}', 'late1', 'room:l')");
            postgres.execute("select realtime.send('{}', 'early', 'room:l')");
            await().atMost(SOON).until(() -> sent.size() == 1);
            Instant since = databaseTime();
            postgres.execute("select realtime.send('{}', 'quick', 'room:l')");
            statement.execute("select realtime.send('{}', 'late2', 'room:l')");
            late.commit();
            await().atMost(SOON).until(() -> sent.size() == 4);
            assertThat(eventsSince(project, "room:l", since, 25)).containsExactly("quick", "late1", "late2");
            assertThat(eventsSince(project, "room:l", since, 2)).containsExactly("late1", "late2");
            assertThat(eventsSince(project, "room:l", Instant.EPOCH, 25))
                    .containsExactly("early", "quick", "late1", "late2");
            assertThat(eventsSince(project, "room:l", databaseTime(), 25)).isEmpty();
            assertThat(eventsSince(project, "room:other", since, 25)).isEmpty();
        }
    }

    private static boolean hasPartitions() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet found = statement.executeQuery(
                        "select from pg_inherits where inhparent = 'realtime.messages'::regclass")) {
            return found.next();
        }
    }

    private static void sendInOneTransaction(String topic, List<String> events) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            for (String event : events) {
                statement.execute("select realtime.send('{}', '" + event + "', '" + topic + "')");
            }
            connection.commit();
        }
    }

    private static List<String> eventsSince(Project project, String topic, Instant since, int limit) throws Exception {
        return project.messages().history().since(Topic.named(topic), since, limit).stream()
                .map(StoredMessage::event)
                .toList();
    }

    /// A time of the database that no earlier message has and every later one follows.
    private static Instant databaseTime() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet now = statement.executeQuery("select clock_timestamp(), pg_sleep(0.002)")) {
            now.next();
            return now.getObject(1, OffsetDateTime.class)
                    .toInstant()
                    .plusMillis(1)
                    .truncatedTo(ChronoUnit.MILLIS);
        }
    }

    @Test
    void supabaseDatabaseIsServedUnchanged() throws Exception {
        try (TestPostgres supabase = TestPostgres.start();
                InputStream sql = DatabaseBroadcastTest.class.getResourceAsStream("/supabase/realtime-schema.sql")) {
            supabase.execute(new String(Objects.requireNonNull(sql).readAllBytes(), UTF_8));
            String url = supabase.url("postgres", "supabase_admin", "unchecked", "postgres");
            try (Project project = project(TestServer.settings(url, "supabase"))) {
                project.start();
                assertThat(project.broadcastsFromDatabase()).isTrue();
                supabase.execute("insert into realtime.messages (topic, extension, event, private, payload) values"
                        + " ('room:1', 'broadcast', 'e', true, '{\"a\": 1}')");
                await().atMost(SOON).until(() -> !sent.isEmpty());
                assertThat(sent)
                        .containsExactly(new Sent("realtime:room:1", true, "e", 1, "{\"id\":\"ID\"}", "{\"a\": 1}"));
                assertThat(project.messages()
                                .history()
                                .since(Topic.named("room:1"), Instant.now().minusSeconds(60), 25))
                        .hasSize(1);
                TopicPermissions.TopicQuestion service =
                        new TopicPermissions.TopicQuestion(new Viewer("service_role", "{}"), "room:1", "{}");
                assertThat(project.permissions().read(service, false))
                        .isEqualTo(new TopicPermissions.TopicAccess(true, false));
            }
        }
    }

    @Test
    void publicBroadcastIsNoTableChange() throws Exception {
        try (TestServer server = TestServer.start(settings);
                RawSocket v2 = server.open("anon");
                RawSocket tables = server.open("anon");
                RawSocket v1 = RawSocket.open(
                        server.port(), "/socket/websocket?vsn=1.0.0&apikey=" + TestServer.token("anon"), Map.of())) {
            v2.join("realtime:pubdb", "{}");
            tables.join("realtime:tables", "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"*\"}]}");
            assertThat(tables.receiveJson().get(4).get("message").asText()).isEqualTo("Subscribed to PostgreSQL");
            v1.send("""
                    {"topic":"realtime:pubdb","event":"phx_join","payload":{"config":{}},"ref":"1","join_ref":"1"}""");
            v1.receiveJson();
            postgres.execute(
                    "select realtime.send('{\"a\":3}', 'evt', 'pubdb', true)",
                    "select realtime.send('{\"a\":2,\"id\":\"x\"}', 'evt', 'pubdb', false)",
                    "insert into plain values (1)");

            RawSocket.Received.Binary binary = (RawSocket.Received.Binary) v2.receive();
            Sent frame = frame(binary.bytes(), Map.of("realtime:pubdb", false));
            assertThat(frame)
                    .isEqualTo(new Sent(
                            "realtime:pubdb", false, "evt", 1, "{\"id\":\"ID\"}", "{\"a\": 2, \"id\": \"x\"}"));
            assertThat(((RawSocket.Received.Text) v1.receive()).text().replaceAll(ID, "ID"))
                    .isEqualTo("""
                            {"topic":"realtime:pubdb","event":"broadcast","payload":{"type":"broadcast",\
                            "event":"evt","payload":{"a": 2, "id": "x"},"meta":{"id":"ID"}},"ref":null}""");
            assertThat(tables.receiveJson().at("/4/data/table").asText()).isEqualTo("plain");
            assertThat(server.server().project().changes().counters().changes()).isEqualTo(1);
        }
    }
}
