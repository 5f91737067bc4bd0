package dev.walcast.server.rights;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.server.RightsSettings;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.ServerSettings.Reader;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.delivery.PendingLimits;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.EventReader.Event;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// When the policy reads a column outside the replica identity, a viewer that received a row on its subscription
/// receives its DELETE, with the key alone, and no other viewer does.
class KnownDeleteTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";
    private static final String GONE = "0 DELETE old {\"org\":1,\"item\":\"a\"}";

    private static final AtomicInteger TABLES = new AtomicInteger();
    private static final Map<Reader, TestServer> SERVERS = new EnumMap<>(Reader.class);

    private static TestPostgres postgres;

    @BeforeAll
    static void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create role walcast login replication; grant anon, authenticated to walcast",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.uid() returns uuid language sql stable as $$ select"
                        + " (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$",
                "create function slow(text) returns boolean language plpgsql as"
                        + " $$ begin perform pg_sleep(0.02); return true; end $$",
                "create table ends (n int); grant select on ends to authenticated",
                "create publication supabase_realtime for all tables");
        for (Reader reader : Reader.values()) {
            SERVERS.put(reader, server(reader, RightsSettings.USUAL.deleteKeysBytes()));
        }
    }

    private static TestServer server(Reader reader, long deleteKeysBytes) throws Exception {
        String url = postgres.url("postgres", "walcast", "unchecked", "postgres");
        String slot = "known_" + reader.name().toLowerCase(Locale.ROOT) + TABLES.incrementAndGet();
        ServerSettings settings = TestServer.withReader(TestServer.settings(url, slot), reader);
        return TestServer.start(TestServer.withRights(
                settings, new RightsSettings(RightsLimits.USUAL, PendingLimits.USUAL, deleteKeysBytes)));
    }

    @AfterAll
    static void stop() throws Exception {
        SERVERS.values().forEach(TestServer::close);
        postgres.close();
    }

    // -- tables, rows, clients

    private static String table() {
        String table = "todos_" + TABLES.incrementAndGet();
        create(table);
        return table;
    }

    private static void create(String table) {
        postgres.execute(
                "create table " + table + " (org int, item text, user_id uuid, v text, primary key (org, item));"
                        + " alter table " + table + " enable row level security;"
                        + " create policy own on " + table + " using (auth.uid() = user_id);"
                        + " grant select on " + table + " to authenticated");
    }

    private static void insert(String table, String item, String user) {
        postgres.execute("insert into " + table + " values (1, '" + item + "', '" + user + "', 'v')");
    }

    private static void delete(String table) {
        postgres.execute("delete from " + table);
    }

    /// Returns when all that was committed has passed the server.
    private static void settle(Reader reader) throws Exception {
        ChangeListener.join(SERVERS.get(reader), BOB).past(postgres).close();
    }

    private static String row(String item, String user, String v) {
        return "{\"org\":1,\"item\":\"" + item + "\",\"user_id\":\"" + user + "\",\"v\":\"" + v + "\"}";
    }

    private static String inserted(String item) {
        return "0 INSERT " + row(item, ALICE, "v");
    }

    private static String binding(String table, String more) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"" + more + "}";
    }

    private static ChangeListener join(Reader reader, String user, String table) throws Exception {
        return join(reader, user, table, "");
    }

    private static ChangeListener join(Reader reader, String user, String table, String more) throws Exception {
        return ChangeListener.join(SERVERS.get(reader), user, binding(table, more))
                .past(postgres);
    }

    /// A client that has received a row.
    private static ChangeListener knowing(Reader reader, String table) throws Exception {
        ChangeListener alice = join(reader, ALICE, table);
        insert(table, "a", ALICE);
        assertThat(alice.told(postgres)).containsExactly(inserted("a"));
        return alice;
    }

    // -- delivered

    @ParameterizedTest
    @EnumSource
    void ownerReceivesDeleteOfInsertedRow(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = join(reader, ALICE, table);
                ChangeListener bob = join(reader, BOB, table)) {
            insert(table, "a", ALICE);
            insert(table, "b", BOB);
            delete(table);
            assertThat(alice.told(postgres)).containsExactly(inserted("a"), GONE);
            assertThat(bob.told(postgres))
                    .containsExactly("0 INSERT " + row("b", BOB, "v"), GONE.replace("\"a\"", "\"b\""));
            insert(table, "a", BOB);
            delete(table);
            assertThat(alice.told(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void deleteOfUpdatedRowHasNewKey(Reader reader) throws Exception {
        String table = table();
        insert(table, "a", ALICE);
        insert(table, "unchanged", ALICE);
        settle(reader);
        try (ChangeListener alice = join(reader, ALICE, table)) {
            postgres.execute("update " + table + " set v = 'w' where item = 'a'");
            postgres.execute("update " + table + " set item = 'b' where item = 'a'");
            delete(table);
            assertThat(alice.told(postgres))
                    .containsExactly(
                            "0 UPDATE " + row("a", ALICE, "w") + " old {\"org\":1,\"item\":\"a\"}",
                            "0 UPDATE " + row("b", ALICE, "w") + " old {\"org\":1,\"item\":\"a\"}",
                            GONE.replace("\"a\"", "\"b\""));
        }
    }

    @ParameterizedTest
    @EnumSource
    void deleteOfSnapshotRowIsDelivered(Reader reader) throws Exception {
        String table = table();
        insert(table, "a", ALICE);
        insert(table, "b", BOB);
        try (ChangeListener alice = ChangeListener.join(
                SERVERS.get(reader), ALICE, binding(table, ",\"snapshot\":true,\"select\":[\"v\"]"))) {
            delete(table);
            assertThat(alice.told(postgres)).containsExactly(GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void keysAreEqualInSnapshotAndLog(Reader reader) throws Exception {
        String table = "typed_" + TABLES.incrementAndGet();
        postgres.execute("create type mood_" + table + " as enum ('sad', 'glad');"
                + " create domain short_" + table + " as varchar(9);"
                + " create table " + table + " (i int, t timestamptz, n numeric, f float8, b bytea, u uuid, d date,"
                + " s short_" + table + ", m mood_" + table
                + ", c char(4), y boolean, v interval, r int4range, a int[],"
                + " j jsonb, p inet, user_id uuid, primary key (i, t, n, f, b, u, d, s, m, c, y, v, r, a, j, p));"
                + " alter table " + table + " enable row level security;"
                + " create policy own on " + table + " using (auth.uid() = user_id);"
                + " grant select on " + table + " to authenticated;"
                + " insert into " + table + " values (1, '2024-02-29 12:34:56.789+05', 1.50, 0.1, '\\x00ff', '" + BOB
                + "', '0044-03-15 BC', 'ä', 'glad', 'x', true, '1 mon -2 days 03:04:05.6', '[1,5)', '{1,NULL,3}',"
                + " '{\"b\": 1, \"a\": [2]}', '::1/64', '" + ALICE + "')");
        try (ChangeListener alice =
                ChangeListener.join(SERVERS.get(reader), ALICE, binding(table, ",\"snapshot\":true"))) {
            delete(table);
            List<String> told = alice.told(postgres);
            assertThat(told).hasSize(1);
            assertThat(told.getFirst()).startsWith("0 DELETE old {\"i\":1,").doesNotContain("user_id");
        }
    }

    @ParameterizedTest
    @EnumSource
    void deleteOfReplayedRowIsDelivered(Reader reader) throws Exception {
        String table = table();
        String position;
        try (ChangeListener alice = join(reader, ALICE, table)) {
            position = alice.position();
        }
        insert(table, "a", ALICE);
        insert(table, "b", ALICE);
        postgres.execute("delete from " + table + " where item = 'b'");
        try (ChangeListener alice =
                ChangeListener.join(SERVERS.get(reader), ALICE, binding(table, ",\"resume\":\"" + position + "\""))) {
            delete(table);
            List<String> told = new ArrayList<>(alice.replayed());
            told.addAll(alice.told(postgres));
            assertThat(told).containsExactly(inserted("a"), inserted("b"), GONE.replace("\"a\"", "\"b\""), GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowOutsideTheFilterIsStillKnown(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = join(reader, ALICE, table, ",\"filter\":\"v=eq.v\",\"select\":[\"v\"]")) {
            insert(table, "a", ALICE);
            postgres.execute("update " + table + " set v = 'w'");
            delete(table);
            assertThat(alice.told(postgres)).containsExactly("0 INSERT {\"org\":1,\"item\":\"a\",\"v\":\"v\"}", GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void knownRowThatMovesToOtherOwnerLeaves(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = join(reader, ALICE, table, ",\"membership\":true")) {
            insert(table, "a", ALICE);
            insert(table, "b", ALICE);
            postgres.execute("update " + table + " set user_id = '" + BOB + "' where item = 'a'");
            delete(table);
            assertThat(alice.told(postgres))
                    .containsExactly(inserted("a"), inserted("b"), GONE + " left", GONE.replace("\"a\"", "\"b\""));
        }
    }

    @ParameterizedTest
    @EnumSource
    void refreshedTokenKeepsKnownRows(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            alice.pushToken(ALICE);
            delete(table);
            assertThat(alice.toldAmongNews(postgres)).containsExactly(GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void changesThatWaitForAnswersKeepTheirOrder(Reader reader) throws Exception {
        String table = table();
        postgres.execute("alter policy own on " + table + " using (auth.uid() = user_id and slow(v))");
        try (ChangeListener alice = join(reader, ALICE, table)) {
            List<String> expected = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                postgres.execute("begin; insert into " + table + " values (1, 'a', '" + ALICE + "', 'v'); delete from "
                        + table + "; commit");
                insert(table, "a", ALICE);
                delete(table);
                expected.addAll(List.of(inserted("a"), GONE, inserted("a"), GONE));
            }
            insert(table, "a", ALICE);
            postgres.execute("update " + table + " set user_id = '" + BOB + "'");
            delete(table);
            expected.add(inserted("a"));
            assertThat(alice.told(postgres)).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @EnumSource
    void eventStreamReceivesDeleteOfKnownRow(Reader reader) throws Exception {
        String table = table();
        String token = new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", ALICE), Duration.ofHours(1));
        String url = SERVERS.get(reader).url() + "/realtime/v1/changes?schema=public&table=" + table;
        try (EventReader stream = EventReader.open(url, "Authorization", "Bearer " + token)) {
            stream.next("system");
            insert(table, "b", BOB);
            insert(table, "a", ALICE);
            delete(table);
            insert(table, "c", ALICE);
            List<String> told = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                Event event = stream.next("message");
                JsonNode change = event.json();
                told.add(change.path("type").asText() + " " + change.path("old_record"));
            }
            assertThat(told).containsExactly("INSERT ", "DELETE {\"org\":1,\"item\":\"a\"}", "INSERT ");
        }
    }

    // -- hidden

    @ParameterizedTest
    @EnumSource
    void deleteOfUnknownRowIsHidden(Reader reader) throws Exception {
        String table = table();
        insert(table, "a", ALICE);
        settle(reader);
        try (ChangeListener alice = join(reader, ALICE, table)) {
            assertThat(alice.warnings())
                    .containsExactly(
                            "DELETEs of public." + table + " do not carry all that its policies look at, so this"
                                    + " subscription is told only those of rows that it received, by their key alone:"
                                    + " ALTER TABLE \"public\".\"" + table + "\" REPLICA IDENTITY FULL.");
            delete(table);
            assertThat(alice.told(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void formerOwnerReceivesNothing(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table);
                ChangeListener watcher = join(reader, ALICE, table, ",\"filter\":\"org=eq.1\"")) {
            insert(table, "b", ALICE);
            assertThat(alice.told(postgres)).hasSize(1);
            assertThat(watcher.told(postgres)).hasSize(1);
            postgres.execute("update " + table + " set user_id = '" + BOB + "' where item = 'a'");
            postgres.execute("update " + table + " set user_id = '" + BOB + "', item = 'c' where item = 'b'");
            delete(table);
            assertThat(alice.told(postgres)).isEmpty();
            assertThat(watcher.told(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void deleteOnlyBindingForgetsMovedRows(Reader reader) throws Exception {
        String table = table();
        insert(table, "a", ALICE);
        insert(table, "b", ALICE);
        insert(table, "c", ALICE);
        String deletes = binding(table, ",\"snapshot\":true").replace("\"*\"", "\"DELETE\"");
        try (ChangeListener alice = ChangeListener.join(SERVERS.get(reader), ALICE, deletes)) {
            postgres.execute("update " + table + " set user_id = '" + BOB + "' where item = 'b'");
            postgres.execute("update " + table + " set item = 'd' where item = 'c'");
            delete(table);
            assertThat(alice.told(postgres)).containsExactly(GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void revokedKeyColumnIsHidden(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            postgres.execute("revoke select on " + table + " from authenticated; grant select (org, user_id, v) on "
                    + table + " to authenticated");
            delete(table);
            assertThat(alice.toldAmongNews(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowsBeforeChangedPolicyAreForgotten(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            postgres.execute("begin; alter policy own on " + table
                    + " using (auth.uid() = user_id and v is not null); delete from " + table + "; commit");
            assertThat(alice.toldAmongNews(postgres)).isEmpty();
            insert(table, "a", ALICE);
            delete(table);
            assertThat(alice.toldAmongNews(postgres)).containsExactly(inserted("a"), GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowsOfFormerUserAreForgotten(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener client = knowing(reader, table)) {
            client.pushToken(BOB);
            delete(table);
            assertThat(client.toldAmongNews(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncatedRowsAreForgotten(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            postgres.execute("truncate " + table);
            insert(table, "a", BOB);
            delete(table);
            assertThat(alice.told(postgres)).isEmpty();
            insert(table, "a", ALICE);
            delete(table);
            assertThat(alice.told(postgres)).containsExactly(inserted("a"), GONE);
        }
    }

    @ParameterizedTest
    @EnumSource
    void rowsOfDroppedTableAreForgotten(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            postgres.execute("drop table " + table);
            create(table);
            insert(table, "a", BOB);
            delete(table);
            assertThat(alice.toldAmongNews(postgres)).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void changedReplicaIdentityForgetsRows(Reader reader) throws Exception {
        String table = table();
        try (ChangeListener alice = knowing(reader, table)) {
            postgres.execute("alter table " + table + " alter v set not null; create unique index " + table + "_v on "
                    + table + " (v); alter table " + table + " replica identity using index " + table + "_v");
            postgres.execute("update " + table + " set user_id = '" + BOB + "'");
            postgres.execute("alter table " + table + " replica identity default");
            delete(table);
            assertThat(alice.toldAmongNews(postgres)).isEmpty();
        }
    }

    // -- the bound

    @ParameterizedTest
    @EnumSource
    void withoutMemoryTheJoinWarns(Reader reader) throws Exception {
        String table = table();
        try (TestServer server = server(reader, 0);
                ChangeListener alice =
                        ChangeListener.join(server, ALICE, binding(table, "")).past(postgres)) {
            assertThat(alice.warnings())
                    .containsExactly(
                            "DELETEs of public." + table + " do not carry all that its policies look at, so they"
                                    + " are hidden: ALTER TABLE \"public\".\"" + table + "\" REPLICA IDENTITY FULL.");
            insert(table, "a", ALICE);
            delete(table);
            assertThat(alice.told(postgres)).containsExactly(inserted("a"));
        }
    }

    @ParameterizedTest
    @EnumSource
    void earlierRowsAreForgottenAtBound(Reader reader) throws Exception {
        String table = table();
        try (TestServer server = server(reader, 16 << 10);
                ChangeListener alice =
                        ChangeListener.join(server, ALICE, binding(table, "")).past(postgres)) {
            postgres.execute("insert into " + table + " select 1, n::text, '" + ALICE
                    + "', 'v' from generate_series(1, 5000) n");
            assertThat(alice.told(postgres)).hasSize(5000);
            postgres.execute("delete from " + table + " where item in ('1', '5000')");
            assertThat(alice.told(postgres)).containsExactly(GONE.replace("\"a\"", "\"5000\""));
        }
    }

    @Test
    void warningQuotesEveryName() throws Exception {
        String name = "To \"do\" " + TABLES.incrementAndGet();
        String quoted = "\"" + name.replace("\"", "\"\"") + "\"";
        create(quoted);
        try (ChangeListener alice =
                ChangeListener.join(SERVERS.get(Reader.NATIVE), ALICE, binding(name.replace("\"", "\\\""), ""))) {
            assertThat(alice.warnings().getFirst())
                    .endsWith("ALTER TABLE \"public\"." + quoted + " REPLICA IDENTITY FULL.");
        } finally {
            postgres.execute("drop table " + quoted);
        }
    }
}
