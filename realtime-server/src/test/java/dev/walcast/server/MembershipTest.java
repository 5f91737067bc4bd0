package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Bindings with `membership` receive a DELETE for rows that an UPDATE took out of their view, and an INSERT for rows
/// that it brought in. Other bindings are unchanged.
class MembershipTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create role walcast login replication; grant anon, authenticated to walcast",
                "create schema auth; grant usage on schema auth, public to anon, authenticated",
                "create function auth.uid() returns uuid language sql stable as $$ select"
                        + " (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$",
                "create table rooms (id int primary key, room text, v text); alter table rooms replica identity full",
                "create table notes (id int primary key, owner uuid, v text); alter table notes replica identity full;"
                        + " alter table notes enable row level security;"
                        + " create policy own on notes using (owner = auth.uid())",
                "create table docs (id int primary key, org int, v text); alter table docs replica identity full;"
                        + " alter table docs enable row level security",
                "create table members (org int, person uuid, primary key (org, person))",
                "create policy member on docs using (exists (select 1 from members m"
                        + " where m.org = docs.org and m.person = auth.uid()))",
                "create table keyed (id int primary key, room text)",
                "create table ranged (id int primary key)",
                "create table secret (id int primary key, room text, v text); alter table secret replica identity full",
                "create table keyless (id int, room text); alter table keyless replica identity full",
                "create table parts (id int, part int, room text, primary key (id, part)) partition by list (part);"
                        + " create table parts_1 partition of parts for values in (1);"
                        + " create table parts_2 partition of parts for values in (2);"
                        + " alter table parts_1 replica identity full; alter table parts_2 replica identity full;"
                        + " alter table parts replica identity full",
                "create table ends (n int)",
                "grant select on all tables in schema public to anon, authenticated",
                "revoke select on secret from anon, authenticated; grant select (room, v) on secret to authenticated",
                "create publication supabase_realtime for table rooms, notes, docs, keyed, ranged, secret, keyless,"
                        + " parts, ends with (publish_via_partition_root = true)");
        server = start("membership", RowGuard.DeleteVisibility.STRICT);
    }

    private static TestServer start(String slot, RowGuard.DeleteVisibility deletes) throws Exception {
        return TestServer.start(TestServer.withDeletes(
                TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), slot), deletes));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate rooms, notes, docs, members, keyed, ranged, secret, keyless, parts, ends");
    }

    private static String binding(String table, String more) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"" + more + "}";
    }

    private static String member(String table, String filter) {
        return binding(table, (filter.isEmpty() ? "" : ",\"filter\":\"" + filter + "\"") + ",\"membership\":true");
    }

    private static ChangeListener listen(String user, String... bindings) throws Exception {
        return ChangeListener.join(server, user, bindings).past(postgres);
    }

    // -- filters

    @Test
    void updateIntoOrOutOfFilterIsInsertOrDelete() throws Exception {
        postgres.execute("insert into rooms values (1, 'a', 'x'), (2, 'b', 'y')");
        try (ChangeListener client = listen(ALICE, member("rooms", "room=eq.a"))) {
            postgres.execute(
                    "update rooms set v = 'stays' where id = 1",
                    "update rooms set v = 'elsewhere' where id = 2",
                    "update rooms set room = 'b', v = 'unseen' where id = 1",
                    "update rooms set room = 'a' where id = 2");
            assertThat(client.told(postgres))
                    .containsExactly(
                            "0 UPDATE {\"id\":1,\"room\":\"a\",\"v\":\"stays\"} old {\"id\":1,\"room\":\"a\",\"v\":\"x\"}",
                            "0 DELETE old {\"id\":1} left",
                            "0 INSERT {\"id\":2,\"room\":\"a\",\"v\":\"elsewhere\"} entered");
            assertThat(client.frames()).noneMatch(frame -> frame.contains("unseen"));
        }
    }

    @Test
    void eachBindingGetsItsOwnMembership() throws Exception {
        postgres.execute("insert into rooms values (1, 'a', 'x')");
        try (ChangeListener client = listen(
                ALICE,
                binding("rooms", ",\"filter\":\"room=eq.a\""),
                member("rooms", "room=eq.a"),
                member("rooms", "room=eq.b"),
                member("rooms", ""),
                "{\"event\":\"UPDATE\",\"schema\":\"public\",\"table\":\"rooms\",\"filter\":\"room=eq.a\",\"membership\":true}",
                "{\"event\":\"DELETE\",\"schema\":\"public\",\"table\":\"rooms\",\"filter\":\"room=eq.a\",\"membership\":true}",
                "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rooms\",\"filter\":\"room=eq.b\",\"membership\":true,"
                        + "\"select\":[\"room\"]}",
                binding("rooms", ",\"filter\":\"room=eq.b\",\"membership\":false"))) {
            postgres.execute("update rooms set v = 'y'", "update rooms set room = 'b'");
            String stayed = "UPDATE {\"id\":1,\"room\":\"a\",\"v\":\"y\"} old {\"id\":1,\"room\":\"a\",\"v\":\"x\"}";
            String moved = "UPDATE {\"id\":1,\"room\":\"b\",\"v\":\"y\"} old {\"id\":1,\"room\":\"a\",\"v\":\"y\"}";
            assertThat(client.told(postgres))
                    .containsExactlyInAnyOrder(
                            "0 " + stayed,
                            "1,3,4 " + stayed,
                            "7 " + moved,
                            "3 " + moved,
                            "1,5 DELETE old {\"id\":1} left",
                            "2 INSERT {\"id\":1,\"room\":\"b\",\"v\":\"y\"} entered",
                            "6 INSERT {\"id\":1,\"room\":\"b\"} entered");
        }
    }

    @Test
    void changedKeyOfLeavingRowIsTheOldOne() throws Exception {
        postgres.execute("insert into rooms values (1, 'a', 'x'), (2, 'a', 'x')");
        try (ChangeListener client = listen(ALICE, member("rooms", "room=eq.a"))) {
            postgres.execute(
                    "update rooms set id = 11, room = 'b' where id = 1", "update rooms set id = 12 where id = 2");
            assertThat(client.told(postgres))
                    .containsExactly(
                            "0 DELETE old {\"id\":1} left",
                            "0 UPDATE {\"id\":12,\"room\":\"a\",\"v\":\"x\"} old {\"id\":2,\"room\":\"a\",\"v\":\"x\"}");
        }
    }

    @Test
    void postgresDecidesFiltersOfBothRows() throws Exception {
        postgres.execute("insert into rooms values (1, 'alpha', 'x'), (2, 'beta', 'x'), (3, 'alpha', 'x')");
        try (ChangeListener client =
                listen(ALICE, member("rooms", "room=match.^al"), member("rooms", "room=eq.beta"))) {
            postgres.execute(
                    "update rooms set room = 'beta' where id = 1",
                    "update rooms set room = 'alpha' where id = 2",
                    "update rooms set v = 'y' where id = 3");
            assertThat(client.told(postgres))
                    .containsExactlyInAnyOrder(
                            "0 DELETE old {\"id\":1} left",
                            "1 INSERT {\"id\":1,\"room\":\"beta\",\"v\":\"x\"} entered",
                            "0 INSERT {\"id\":2,\"room\":\"alpha\",\"v\":\"x\"} entered",
                            "1 DELETE old {\"id\":2} left",
                            "0 UPDATE {\"id\":3,\"room\":\"alpha\",\"v\":\"y\"} old {\"id\":3,\"room\":\"alpha\",\"v\":\"x\"}");
        }
    }

    // -- policies

    @Test
    void rowMovesBetweenOwners() throws Exception {
        postgres.execute("insert into notes values (1, '" + ALICE + "', 'hers')");
        try (ChangeListener alice = listen(ALICE, member("notes", ""));
                ChangeListener bob = listen(BOB, member("notes", ""))) {
            postgres.execute("update notes set owner = '" + BOB + "', v = 'his'", "update notes set v = 'still his'");
            assertThat(alice.told(postgres)).containsExactly("0 DELETE old {\"id\":1} left");
            assertThat(alice.frames()).noneMatch(frame -> frame.contains("his") || frame.contains(BOB));
            assertThat(bob.told(postgres))
                    .containsExactly(
                            "0 INSERT {\"id\":1,\"owner\":\"" + BOB + "\",\"v\":\"his\"} entered",
                            "0 UPDATE {\"id\":1,\"owner\":\"" + BOB
                                    + "\",\"v\":\"still his\"} old {\"id\":1,\"owner\":\"" + BOB + "\",\"v\":\"his\"}");
            assertThat(bob.frames()).noneMatch(frame -> frame.contains("hers") || frame.contains(ALICE));
        }
    }

    @Test
    void postgresDecidesPoliciesOfBothRows() throws Exception {
        postgres.execute(
                "insert into members values (1, '" + ALICE + "'), (2, '" + BOB + "')",
                "insert into docs select n, 1, 'x' from generate_series(1, 300) n");
        try (ChangeListener alice = listen(ALICE, member("docs", ""));
                ChangeListener bob = listen(BOB, member("docs", ""))) {
            postgres.execute("update docs set org = 2", "update docs set v = 'y' where id = 1");
            List<String> left = alice.told(postgres);
            assertThat(left).hasSize(300).startsWith("0 DELETE old {\"id\":1} left");
            List<String> entered = bob.told(postgres);
            assertThat(entered).hasSize(301).startsWith("0 INSERT {\"id\":1,\"org\":2,\"v\":\"x\"} entered");
            assertThat(entered.getLast()).startsWith("0 UPDATE {\"id\":1,\"org\":2,\"v\":\"y\"}");
        }
    }

    @Test
    void policiesApplyToWildcards() throws Exception {
        postgres.execute("insert into notes values (1, '" + ALICE + "', 'hers'), (2, '" + BOB + "', 'his')");
        try (ChangeListener alice = listen(ALICE, "{\"event\":\"*\",\"schema\":\"public\",\"membership\":true}")) {
            postgres.execute(
                    "update notes set owner = '" + BOB + "' where id = 1",
                    "update notes set v = 'not hers' where id = 2",
                    "update notes set owner = '" + ALICE + "' where id = 2");
            assertThat(alice.told(postgres))
                    .containsExactly(
                            "0 DELETE old {\"id\":1} left",
                            "0 INSERT {\"id\":2,\"owner\":\"" + ALICE + "\",\"v\":\"not hers\"} entered");
        }
    }

    @Test
    void parityStillHidesThatUnseenRowsLeft() throws Exception {
        postgres.execute("insert into notes values (1, '" + ALICE + "', 'hers')");
        try (TestServer parity = start("membership_parity", RowGuard.DeleteVisibility.PARITY);
                ChangeListener alice =
                        ChangeListener.join(parity, ALICE, member("notes", "")).past(postgres);
                ChangeListener bob =
                        ChangeListener.join(parity, BOB, member("notes", "")).past(postgres)) {
            postgres.execute("update notes set owner = '33333333-3333-4333-8333-333333333333'", "delete from notes");
            assertThat(alice.told(postgres)).containsExactly("0 DELETE old {\"id\":1} left", "0 DELETE old {\"id\":1}");
            assertThat(bob.told(postgres)).containsExactly("0 DELETE old {\"id\":1}");
        } finally {
            postgres.execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots"
                    + " where slot_name like 'membership_parity%' and not active");
        }
    }

    // -- missing values and unreadable columns

    @Test
    void withoutOldRowTheJoinWarns() throws Exception {
        postgres.execute("insert into keyed values (1, 'a'), (2, 'b')");
        try (ChangeListener client = listen(ALICE, member("keyed", "room=eq.a"))) {
            assertThat(client.warnings())
                    .contains(
                            "UPDATEs of public.keyed do not carry the old room, which the filter looks at, so no row is told"
                                    + " to enter or leave: ALTER TABLE \"public\".\"keyed\" REPLICA IDENTITY FULL.");
            postgres.execute("update keyed set room = 'b' where id = 1", "update keyed set room = 'a' where id = 2");
            assertThat(client.told(postgres)).containsExactly("0 UPDATE {\"id\":2,\"room\":\"a\"} old {\"id\":2}");
        }
    }

    @Test
    void filterOnTheKeyNeedsOnlyTheKey() throws Exception {
        postgres.execute("insert into keyed values (1, 'a'), (20, 'b')");
        try (ChangeListener client = listen(ALICE, member("keyed", "id=lt.10"))) {
            assertThat(client.warnings()).isEmpty();
            postgres.execute(
                    "update keyed set id = 11 where id = 1",
                    "update keyed set room = 'c' where id = 20",
                    "update keyed set id = 2 where id = 20",
                    "update keyed set room = 'd' where id = 2");
            assertThat(client.told(postgres))
                    .containsExactly(
                            "0 DELETE old {\"id\":1} left",
                            "0 INSERT {\"id\":2,\"room\":\"c\"} entered",
                            "0 UPDATE {\"id\":2,\"room\":\"d\"} old {\"id\":2}");
        }
    }

    @Test
    void unreadableKeyIsRefusedUnlessNoLeaves() throws Exception {
        postgres.execute("insert into secret values (1, 'a', 'x'), (2, 'b', 'x')");
        assertThat(ChangeListener.refusal(server, ALICE, member("secret", "room=eq.a")))
                .contains("may not read one of public.secret", "primary key");
        assertThat(ChangeListener.refusal(server, ALICE, member("keyless", "room=eq.a")))
                .contains("may not read one of public.keyless");
        String inserts = """
                {"event":"INSERT","schema":"public","table":"secret","filter":"room=eq.a","membership":true}""";
        try (ChangeListener client =
                listen(ALICE, inserts, "{\"event\":\"*\",\"schema\":\"public\",\"membership\":true}")) {
            postgres.execute("update secret set room = 'a' where id = 2");
            assertThat(client.told(postgres))
                    .containsExactlyInAnyOrder(
                            "0 INSERT {\"room\":\"a\",\"v\":\"x\"} entered",
                            "1 UPDATE {\"room\":\"a\",\"v\":\"x\"} old {\"room\":\"b\",\"v\":\"x\"}");
        }
    }

    @Test
    void membershipIsTrueOrFalse() throws Exception {
        assertThat(ChangeListener.refusal(server, ALICE, binding("rooms", ",\"membership\":\"yes\"")))
                .contains("Error parsing `membership` params: expected true or false");
    }

    // -- partitions, and coming back

    @Test
    void rowMovedToPartitionIsDeleteAndInsert() throws Exception {
        postgres.execute("insert into parts values (1, 1, 'a'), (2, 1, 'a')");
        try (ChangeListener client = listen(ALICE, member("parts", "room=eq.a"))) {
            postgres.execute(
                    "update parts set part = 2 where id = 1",
                    "update parts set room = 'b' where id = 1",
                    "update parts set part = 2, room = 'b' where id = 2");
            assertThat(client.told(postgres))
                    .containsExactly(
                            "0 DELETE old {\"id\":1,\"part\":1,\"room\":\"a\"}",
                            "0 INSERT {\"id\":1,\"part\":2,\"room\":\"a\"}",
                            "0 DELETE old {\"id\":1,\"part\":2} left",
                            "0 DELETE old {\"id\":2,\"part\":1,\"room\":\"a\"}");
        }
    }

    @Test
    void replayEqualsLive() throws Exception {
        String[] bindings = {member("rooms", "room=eq.a"), binding("rooms", ",\"filter\":\"room=match.^a\"")};
        List<String> live;
        String began;
        try (ChangeListener client = listen(ALICE, bindings)) {
            began = client.position();
            postgres.execute(
                    "insert into rooms values (1, 'a', 'x'), (2, 'b', 'x')",
                    "update rooms set room = 'b' where id = 1",
                    "update rooms set room = 'a' where id = 2",
                    "update rooms set v = 'y'",
                    "delete from rooms");
            live = client.told(postgres);
            assertThat(live).hasSize(7);
        }
        String resume = ",\"resume\":\"" + began + "\"}";
        try (ChangeListener client =
                listen(ALICE, bindings[0].replaceFirst("}$", resume), bindings[1].replaceFirst("}$", resume))) {
            assertThat(client.replayed()).containsExactlyInAnyOrderElementsOf(live);
            JsonNode resumed = client.live().get("resume");
            assertThat(resumed.get(0).get("status").asText()).isEqualTo("resumed");
        }
    }
}
