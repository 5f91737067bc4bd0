package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Policies that raise errors, each for its own role, on a table with a hundred healthy subscribers. With the
/// reference server one such subscriber stops delivery for the whole project.
class PoisonPoliciesTest {
    private static final int HEALTHY = 100;
    private static final int ROWS_EACH = 3;

    /// The policies by role. Each raises an error for that role.
    private static final Map<String, String> POISONS = poisons();

    private static TestPostgres postgres;
    private static TestServer server;

    private static Map<String, String> poisons() {
        Map<String, String> poisons = new LinkedHashMap<>();
        poisons.put("bad_cast", "(auth.jwt() ->> 'org')::int = n");
        poisons.put("bad_uid", "owner = (auth.jwt() ->> 'org')::uuid");
        poisons.put("division", "10 / (n - n) > 0");
        poisons.put("no_table_right", "exists (select from secrets s where s.n = notes.n)");
        poisons.put("no_execute", "forbidden(n)");
        poisons.put("no_schema_right", "hidden.f(n)");
        poisons.put("recursion", "exists (select from notes other where other.n = notes.n)");
        poisons.put("missing_setting", "current_setting('app.org')::int = n");
        poisons.put("raise", "raising(n)");
        return poisons;
    }

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role authenticated nologin; create role walcast login replication; grant authenticated to walcast",
                "create schema auth; grant usage on schema auth, public to public",
                "create function auth.jwt() returns jsonb language sql stable as $$ select"
                        + " coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$",
                "create function auth.uid() returns uuid language sql stable as $$ select (auth.jwt() ->> 'sub')::uuid $$",
                "create table notes (id int primary key, owner uuid, n int)",
                "create table secrets (n int)",
                "create function forbidden(int) returns bool language sql as 'select true';"
                        + " revoke execute on function forbidden(int) from public",
                "create schema hidden; create function hidden.f(int) returns bool language sql as 'select true'",
                "create function raising(int) returns bool language plpgsql as"
                        + " $$ begin raise exception 'never tell this: %', $1; end $$",
                "alter table notes enable row level security; grant select on notes to public",
                "create policy own on notes to authenticated using (owner = auth.uid())",
                "create publication supabase_realtime for table notes");
        POISONS.forEach((role, expression) -> postgres.execute(
                "create role " + role + " nologin; grant " + role + " to walcast",
                "create policy " + role + " on notes to " + role + " using (" + expression + ")"));
        server = TestServer.start(
                TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), "poison"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @Test
    void healthySubscribersMissNothingBesidePoison() throws Exception {
        List<String> owners = new ArrayList<>();
        List<RawSocket> healthy = new ArrayList<>();
        Map<String, RawSocket> poisoned = new LinkedHashMap<>();
        try {
            for (int i = 0; i < HEALTHY; i++) {
                owners.add(new UUID(0, i).toString());
                healthy.add(listening("authenticated", owners.get(i)));
            }
            for (String role : POISONS.keySet()) {
                poisoned.put(role, listening(role, owners.getFirst()));
            }
            for (int row = 0; row < HEALTHY * ROWS_EACH; row++) {
                String owner = owners.get(row % HEALTHY);
                postgres.execute("insert into notes values (" + row + ", '" + owner + "', 1)");
            }
            for (int i = 0; i < HEALTHY; i++) {
                for (int row = 0; row < ROWS_EACH; row++) {
                    assertThat(nextId(healthy.get(i))).isEqualTo(row * HEALTHY + i);
                }
            }
            for (Map.Entry<String, RawSocket> entry : poisoned.entrySet()) {
                expectToldOnce(entry.getKey(), entry.getValue());
            }
            for (RawSocket socket : healthy) {
                assertThat(socket.untilHeartbeat(false)).isEmpty();
            }
        } finally {
            for (RawSocket socket : healthy) {
                socket.close();
            }
            for (RawSocket socket : poisoned.values()) {
                socket.close();
            }
        }
    }

    private static void expectToldOnce(String poison, RawSocket socket) throws Exception {
        JsonNode trouble = socket.receiveJson();
        assertThat(trouble.get(3).asText()).as(poison).isEqualTo("system");
        assertThat(trouble.at("/4/message").asText())
                .as(poison)
                .contains("could not be evaluated", "public.notes")
                .doesNotContain("never tell this");
        assertThat(socket.untilHeartbeat(false)).as(poison).isEmpty();
    }

    private static int nextId(RawSocket socket) throws Exception {
        return socket.receiveJson().at("/4/data/record/id").asInt();
    }

    private static RawSocket listening(String role, String user) throws Exception {
        String token = new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue(role, Map.of("sub", user, "org", "not a number"), Duration.ofHours(1));
        RawSocket socket = RawSocket.open(server.port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of());
        socket.join(
                "realtime:r", "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"notes\"}]}");
        assertThat(socket.receiveJson().at("/4/message").asText()).as(role).isEqualTo("Subscribed to PostgreSQL");
        return socket;
    }
}
