package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Row-level security on the wire: which clients receive a row and its old version, and what happens when policies
/// change or fail.
class RowSecurityTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "create role walcast login replication; grant anon, authenticated, service_role to walcast",
                "create schema auth; grant usage on schema auth, public to anon, authenticated, service_role",
                "create function auth.jwt() returns jsonb language sql stable as $$ select"
                        + " coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$",
                "create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$",
                "create table notes (id int primary key, owner uuid, body text)",
                "create table docs (id int primary key, org int, body text)",
                "create table members (org int, person uuid, primary key (org, person))",
                "create table keyed (id int primary key, owner uuid); alter table keyed enable row level security;"
                        + " create policy own on keyed using (owner = auth.uid())",
                "create domain person as uuid; create table filed (id int primary key, owner person, body text)",
                "alter table filed enable row level security; create policy own on filed using (owner = auth.uid())",
                "alter table notes replica identity full",
                "alter table notes enable row level security; alter table docs enable row level security",
                "grant select on all tables in schema public to anon, authenticated, service_role",
                "create publication supabase_realtime for table notes, docs, members, keyed, filed");
        server = TestServer.start(
                TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), "row_security"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @BeforeEach
    void usualPolicies() {
        postgres.execute(
                "truncate notes, docs, members",
                "drop policy if exists own on notes; create policy own on notes using (owner = auth.uid())",
                "drop policy if exists member on docs; create policy member on docs using (exists (select 1 from members m"
                        + " where m.org = docs.org and m.person = auth.uid()))");
    }

    @Test
    void eachUserSeesOnlyItsRows() throws Exception {
        try (RawSocket alice = listening(ALICE, "notes");
                RawSocket bob = listening(BOB, "notes")) {
            postgres.execute(
                    "insert into notes values (1, '" + ALICE + "', 'a')",
                    "insert into notes values (2, '" + BOB + "', 'b')",
                    "update notes set owner = '" + BOB + "' where id = 1",
                    "delete from notes where id = 2",
                    "insert into notes values (3, '" + ALICE + "', 'last')");

            assertThat(next(alice).at("/record/body").asText()).isEqualTo("a");
            assertThat(next(alice).at("/record/body").asText()).isEqualTo("last");

            assertThat(next(bob).at("/record/body").asText()).isEqualTo("b");
            JsonNode given = next(bob);
            assertThat(given.get("type").asText()).isEqualTo("UPDATE");
            assertThat(given.at("/record/body").asText()).isEqualTo("a");
            assertThat(given.get("old_record").toString()).isEqualTo("{\"id\":1}");
            JsonNode deleted = next(bob);
            assertThat(deleted.get("type").asText()).isEqualTo("DELETE");
            assertThat(deleted.at("/old_record/body").asText()).isEqualTo("b");
        }
    }

    @Test
    void policyReadsDomain() throws Exception {
        try (RawSocket alice = listening(ALICE, "filed");
                RawSocket bob = listening(BOB, "filed")) {
            postgres.execute("insert into filed values (1, '" + ALICE + "', 'a'), (2, '" + BOB + "', 'b')");
            assertThat(next(alice).at("/record/body").asText()).isEqualTo("a");
            assertThat(next(bob).at("/record/body").asText()).isEqualTo("b");
        }
    }

    @Test
    void membershipIsAskedAtTheMoment() throws Exception {
        postgres.execute("insert into members values (1, '" + ALICE + "'), (2, '" + BOB + "')");
        try (RawSocket alice = listening(ALICE, "docs");
                RawSocket bob = listening(BOB, "docs")) {
            postgres.execute("insert into docs select n, 1 + n % 2, 'x' from generate_series(1, 500) n");
            for (int id = 2; id <= 500; id += 2) {
                assertThat(next(alice).at("/record/id").asInt()).isEqualTo(id);
            }
            for (int id = 1; id <= 500; id += 2) {
                assertThat(next(bob).at("/record/id").asInt()).isEqualTo(id);
            }
            postgres.execute("delete from members where org = 2", "insert into members values (2, '" + ALICE + "')");
            postgres.execute("insert into docs values (1001, 2, 'moved')");
            assertThat(next(alice).at("/record/id").asInt()).isEqualTo(1001);
        }
    }

    @Test
    void changedPolicyTakesEffectInTwoSeconds() throws Exception {
        try (RawSocket bob = listening(BOB, "notes")) {
            postgres.execute("drop policy own on notes; create policy own on notes using (body = 'for all')");
            await().atMost(Duration.ofSeconds(2))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        postgres.execute(
                                "insert into notes select coalesce(max(id), 0) + 1, null, 'for all' from notes");
                        return delivered(bob);
                    });
            postgres.execute("revoke select on notes from authenticated");
            try {
                await().atMost(Duration.ofSeconds(3))
                        .until(() -> bob.receiveJson().toString().contains("may not read"));
            } finally {
                postgres.execute("grant select on notes to authenticated");
            }
        }
    }

    @Test
    void tokenWithOtherClaimsSeesOtherRows() throws Exception {
        try (RawSocket socket = listening(ALICE, "notes")) {
            socket.send("[\"1\",\"9\",\"realtime:r\",\"access_token\",{\"access_token\":\"" + token(BOB) + "\"}]");
            assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            postgres.execute(
                    "insert into notes values (1, '" + ALICE + "', 'a')",
                    "insert into notes values (2, '" + BOB + "', 'b')");
            assertThat(next(socket).at("/record/body").asText()).isEqualTo("b");
        }
    }

    @Test
    void failingPolicyAffectsOnlyItsViewer() throws Exception {
        try (RawSocket broken = listening("not a uuid", "notes");
                RawSocket alice = listening(ALICE, "notes")) {
            long failures = server.server().project().changes().counters().failures();
            postgres.execute(
                    "insert into notes values (1, '" + ALICE + "', 'a')",
                    "insert into notes values (2, '" + ALICE + "', 'b')");
            assertThat(next(alice).at("/record/body").asText()).isEqualTo("a");
            assertThat(next(alice).at("/record/body").asText()).isEqualTo("b");
            JsonNode trouble = broken.receiveJson();
            assertThat(trouble.at("/4/status").asText()).isEqualTo("error");
            assertThat(trouble.at("/4/message").asText())
                    .contains("could not be evaluated", "public.notes")
                    .doesNotContain("not a uuid");
            assertThat(broken.untilHeartbeat(false)).isEmpty();
            assertThat(server.server().project().changes().counters().failures())
                    .isEqualTo(failures + 2);
        }
    }

    @Test
    void roleWithoutRowSecuritySeesEverything() throws Exception {
        try (RawSocket service = open("service_role", Map.of(), "notes");
                RawSocket alice = listening(ALICE, "notes");
                RawSocket member = listening(ALICE, "docs")) {
            postgres.execute(
                    "insert into notes values (1, '" + ALICE + "', 'a')",
                    "insert into docs values (1, 7, 'not hers')",
                    "insert into notes values (2, '" + BOB + "', 'b')");
            assertThat(next(service).at("/record/body").asText()).isEqualTo("a");
            assertThat(next(service).at("/record/body").asText()).isEqualTo("b");
            assertThat(next(alice).at("/record/body").asText()).isEqualTo("a");
            assertThat(alice.untilHeartbeat(false)).isEmpty();
            assertThat(member.untilHeartbeat(false)).isEmpty();
        }
    }

    /// A silent loss otherwise: a SELECT would show the row, given the time.
    @Test
    void timedOutQuestionIsReset() throws Exception {
        postgres.execute(
                "create function slow_for(n int) returns boolean language plpgsql as $$ begin if n = 13 then perform"
                        + " pg_sleep(60); end if; return true; end $$",
                "drop policy member on docs; create policy member on docs using (slow_for(id))");
        try (RawSocket alice = listening(ALICE, "docs");
                RawSocket bob = listening(BOB, "notes")) {
            postgres.execute(
                    "insert into docs values (12, 1, 'a'), (13, 1, 'too slow'), (14, 1, 'b')",
                    "insert into notes values (1, '" + BOB + "', 'at once')");
            assertThat(next(bob).at("/record/body").asText()).isEqualTo("at once");
            assertThat(next(alice).at("/record/id").asInt()).isEqualTo(12);
            JsonNode reset = alice.receiveJson();
            assertThat(reset.at("/4/resume/0/status").asText()).isEqualTo("reset");
            assertThat(reset.at("/4/resume/0/reason").asText()).isEqualTo("policy_timeout");
            assertThat(next(alice).at("/record/id").asInt()).isEqualTo(14);
        } finally {
            postgres.execute("drop policy member on docs; drop function slow_for(int)");
        }
    }

    @Test
    void deletesOfKnownRowsAreDelivered() throws Exception {
        try (RawSocket alice = open("authenticated", Map.of("sub", ALICE))) {
            alice.join("realtime:r", binding("keyed"));
            JsonNode live = alice.receiveJson().get(4);
            assertThat(live.get("message").asText()).isEqualTo("Subscribed to PostgreSQL");
            assertThat(live.get("warnings").toString()).contains("policies", "REPLICA IDENTITY FULL");
            postgres.execute(
                    "insert into keyed values (1, '" + ALICE + "')",
                    "delete from keyed",
                    "insert into keyed values (2, '" + ALICE + "')");
            assertThat(next(alice).get("type").asText()).isEqualTo("INSERT");
            assertThat(next(alice).get("type").asText()).isEqualTo("DELETE");
            assertThat(next(alice).get("type").asText()).isEqualTo("INSERT");
        }
    }

    @Test
    void missingGrantOfRoleIsRefusedWithStatement() throws Exception {
        postgres.execute(
                "create role stranger; grant usage on schema public to stranger; grant select on notes to stranger");
        try (RawSocket socket = open("stranger", Map.of())) {
            socket.join("realtime:r", binding("notes"));
            assertThat(socket.receiveJson().at("/4/message").asText())
                    .contains("may not act as role \"stranger\"", "GRANT \"stranger\" TO");
        }
    }

    private static boolean delivered(RawSocket socket) throws Exception {
        List<String> events = new ArrayList<>();
        socket.untilHeartbeat(false).forEach(received -> events.add(received.toString()));
        return !events.isEmpty();
    }

    private static JsonNode next(RawSocket socket) throws Exception {
        JsonNode message = socket.receiveJson();
        assertThat(message.get(3).asText()).isEqualTo("postgres_changes");
        return message.at("/4/data");
    }

    private static RawSocket listening(String user, String table) throws Exception {
        return open("authenticated", Map.of("sub", user), table);
    }

    private static RawSocket open(String role, Map<String, Object> claims, String table) throws Exception {
        RawSocket socket = open(role, claims);
        socket.join("realtime:r", binding(table));
        assertThat(socket.receiveJson().at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
        return socket;
    }

    private static RawSocket open(String role, Map<String, Object> claims) throws Exception {
        String token = new TokenIssuer(TestServer.SECRET, Clock.systemUTC()).issue(role, claims, Duration.ofHours(1));
        return RawSocket.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of());
    }

    private static String token(String user) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", user), Duration.ofHours(1));
    }

    private static String binding(String table) {
        return "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"}]}";
    }
}
