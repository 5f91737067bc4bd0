package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Committed rows on the wire: bindings, filters, rights, and every refusal at the join.
class PostgresChangesTest {
    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "grant usage on schema public to anon, authenticated, service_role",
                "create table messages (id int primary key, room text, n numeric, f float8, c char(5), d date, j jsonb)",
                "create table todos (id int primary key, task text); alter table todos enable row level security",
                "create table partly (id int primary key, pub text, secret text)",
                "create table hidden (id int primary key)",
                "create table unpublished (id int primary key)",
                "create table big (id int primary key, n int, t text); alter table big alter t set storage external",
                "create table inexact (id int primary key, m money, z timetz, g int generated always as (id + 1) stored)",
                "create collation nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                "create table caseless (id int primary key, name text collate nocase)",
                "create table ends (id int generated always as identity primary key)",
                "grant select on ends to service_role",
                "grant select on messages, todos, big, inexact, unpublished, caseless to anon, authenticated, service_role",
                "grant select (id, pub) on partly to anon",
                "create publication supabase_realtime for table messages, todos, partly, hidden, big, inexact, caseless, ends");
        server = TestServer.start(postgres);
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    /// Changes of one test must not reach the sockets of the next one.
    @AfterEach
    void awaitDelivery() throws Exception {
        try (RawSocket socket = server.open("service_role")) {
            socket.join("realtime:ends", bindings(table("ends")));
            awaitLive(socket);
            postgres.execute("insert into ends default values");
            socket.receiveJson();
        }
    }

    @Test
    void readinessReportsLag() throws Exception {
        URI address = URI.create(server.url() + "/readyz");
        await().untilAsserted(() -> {
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).matches("\\{\"status\":\"ready\",\"reasons\":\\[],\"lag_seconds\":[0-9.E-]+}\n");
        });
    }

    @Test
    void bindingsOfChannelShareOneFrame() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            JsonNode reply = socket.join(
                    "realtime:m",
                    bindings(
                            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"messages\"}",
                            "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"messages\",\"filter\":\"room=eq.a\"}",
                            "{\"event\":\"update\",\"schema\":\"*\",\"table\":\"*\"}",
                            "{\"event\":\"DELETE\",\"schema\":\"public\"}"));
            List<Integer> ids = new ArrayList<>();
            reply.at("/response/postgres_changes")
                    .forEach(entry -> ids.add(entry.get("id").asInt()));
            awaitLive(socket);
            postgres.execute(
                    "insert into messages values (1, 'a'), (2, 'b'); update messages set n = 1.50 where id = 1;"
                            + " update messages set id = 3 where id = 2; delete from messages");

            assertThat(change(socket, ids, 0, 1).at("/record/room").asText()).isEqualTo("a");
            assertThat(change(socket, ids, 0).at("/record/room").asText()).isEqualTo("b");
            JsonNode update = change(socket, ids, 0, 2);
            assertThat(update.at("/record/n").decimalValue()).isEqualByComparingTo("1.5");
            assertThat(update.at("/old_record").toString()).isEqualTo("{\"id\":1}");
            JsonNode keyUpdate = change(socket, ids, 0, 2);
            assertThat(keyUpdate.at("/record/id").asInt()).isEqualTo(3);
            assertThat(keyUpdate.at("/old_record/id").asInt()).isEqualTo(2);
            JsonNode delete = change(socket, ids, 0, 3);
            assertThat(delete.has("record")).isFalse();
            assertThat(delete.get("errors").isNull()).isTrue();
            assertThat(delete.get("commit_timestamp").asText())
                    .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z");
            change(socket, ids, 0, 3);
            assertThat(socket.untilHeartbeat(false)).isEmpty();
        }
    }

    @Test
    void filterMeansWhatPostgresMeans() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            JsonNode reply = socket.join(
                    "realtime:f",
                    bindings(
                            filter("n=eq.1.5"),
                            filter("f=eq.1e1"),
                            filter("c=eq.ab"),
                            filter("d=eq.Feb 29 2024"),
                            filter("id=eq.0100"),
                            filter("room=eq.\\\"a,b\\\",id=eq.100")));
            List<Integer> ids = new ArrayList<>();
            reply.at("/response/postgres_changes")
                    .forEach(entry -> ids.add(entry.get("id").asInt()));
            awaitLive(socket);
            postgres.execute("insert into messages values (100, 'a,b', 1.500, 10, 'ab', '2024-02-29'),"
                    + " (101, 'a', 1.51, 11, 'abc', '2024-02-28')");
            change(socket, ids, 0, 1, 2, 3, 4, 5);
            assertThat(socket.untilHeartbeat(false)).isEmpty();
            postgres.execute("delete from messages");
        }
    }

    @Test
    void impossibleBindingIsRefusedAtJoin() throws Exception {
        assertRefused(
                "anon",
                table("unpublished"),
                "public.unpublished is not in the publication",
                "ADD TABLE \"public\".\"unpublished\";");
        assertRefused("anon", table("nosuch"), "Please check Realtime is enabled", "TableNotAvailable: ");
        assertRefused("anon", table("hidden"), "Please check Realtime is enabled", "TableNotAvailable: ");
        assertRefused(
                "nosuchrole", table("messages"), "ERROR 42704 (undefined_object) role \"nosuchrole\" does not exist");
        assertRefused("anon", filter("nosuch=eq.1"), "invalid column for filter nosuch");
        assertRefused("anon", table("a\\u0000b"), "Error parsing `table` params: it holds a NUL");
        assertRefused("a\0b", table("messages"), "The database refused it: ERROR 22021");
        assertRefused(
                "anon",
                "{\"schema\":\"public\",\"table\":\"partly\",\"filter\":\"secret=eq.x\"}",
                "invalid column for filter secret");
        assertRefused(
                "anon",
                filter("id=eq.abc"),
                "ERROR 22P02 (invalid_text_representation) invalid input syntax for" + " type integer: \"abc\"");
        assertRefused("anon", filter("id=eq.99999999999"), "ERROR 22003 (numeric_value_out_of_range)");
        assertRefused("anon", filter("id=like.1"), "operator like requires a text-compatible column type, got integer");
        assertRefused("anon", filter("room=match.("), "invalid regular expression for match filter");
        assertRefused("anon", filter("room=like.a\\\\"), "LIKE pattern must not end with escape character");
        assertRefused(
                "anon",
                "{\"schema\":\"public\",\"table\":\"caseless\",\"filter\":\"name=ilike.a%\"}",
                "ERROR 0A000 (error) nondeterministic collations are not supported");
        assertRefused("anon", filter("id=is.maybe"), "invalid value for is filter");
        assertRefused("anon", filter("id=is.true"), "is true filter requires a boolean column, got integer");
        assertRefused("anon", filter("id=in.(1,x)"), "invalid input syntax for type integer");
        assertRefused("anon", filter("room=cs.a"), "ERROR 42883 (undefined_function) operator does not exist");
        assertRefused("anon", filter("room->>a=eq.1"), "invalid column for filter room->>a");
        assertRefused("anon", filter("or=(id.eq.1,room.foo.2)"), "[\"foo\", \"2\"]");
        assertRefused("anon", filter("id=foo.1"), "Error parsing `filter` params: [\"foo\", \"1\"]");
        assertRefused("anon", "{\"event\":\"*\"}", "No subscription params provided");
        assertRefused("anon", "{\"schema\":\"public\",\"table\":5}", "\"table\" => 5");
        assertRefused(
                "anon",
                "{\"schema\":\"public\",\"table\":\"messages\",\"select\":[\"nosuch\"]}",
                "invalid column for select nosuch");
        assertRefused("anon", filter("id=eq." + "1".repeat(20_000)), "longer than 10000 characters");
    }

    /// Each meets the first row only, and not the second.
    private static final String[] FILTERS = {
        "id=lt.2",
        "id=lte.1",
        "n=gt.1",
        "n=gte.1.5",
        "room=neq.b",
        "id=in.(1,7)",
        "room=like.a%",
        "room=ilike.A_PPLE",
        "d=is.null",
        "room=match.^a.*e$",
        "room=imatch.^A",
        "room=isdistinct.b",
        "room=not.like.b%",
        "id=not.in.(2,3)",
        "or=(id.eq.1,room.eq.nobody)",
        "not.and=(id.eq.2,room.eq.b)",
        "j=cs.{\"a\":1}",
        "j->>a=eq.1",
        "j->b->0=eq.5",
        "room=plfts.pple",
        "id=eq.1,room=match.a",
        "f=lt.NaN",
        "c=eq.ab"
    };

    @Test
    void everyOperatorSelectsRowsInOrder() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            List<Integer> ids = new ArrayList<>();
            String[] bindings = new String[FILTERS.length];
            for (int i = 0; i < FILTERS.length; i++) {
                bindings[i] = filter(FILTERS[i].replace("\"", "\\\""));
            }
            socket.join("realtime:f", bindings(bindings))
                    .at("/response/postgres_changes")
                    .forEach(entry -> ids.add(entry.get("id").asInt()));
            JsonNode live = socket.receiveJson();
            assertThat(live.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            assertThat(live.at("/4/warnings/0").asText()).contains("DELETEs of public.messages do not carry");
            postgres.execute("insert into messages values (1, 'a-pple', 1.5, 1, 'ab', null, '{\"a\":1,\"b\":[5]}'),"
                    + " (2, 'b', 1, 'NaN', 'abc', '2024-01-01', '{\"a\":2}')");
            int[] all = new int[FILTERS.length];
            java.util.Arrays.setAll(all, i -> i);
            assertThat(change(socket, ids, all).at("/record/id").asInt()).isEqualTo(1);
            assertThat(socket.untilHeartbeat(false)).isEmpty();

            postgres.execute("insert into messages select g, case when g % 3 = 0 then 'none' else 'a-pple' end"
                    + " from generate_series(100, 399) g");
            for (int id = 100; id <= 399; id++) {
                assertThat(socket.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(id);
            }
            postgres.execute("delete from messages");
        }
    }

    @Test
    void selectAlwaysIncludesTheKey() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            socket.join(
                    "realtime:s",
                    bindings(
                            "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"messages\",\"select\":[\"room\"]}",
                            "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"messages\",\"select\":[\"n\",\"n\"]}"));
            awaitLive(socket);
            postgres.execute("insert into messages values (50, 'a', 1.5)");
            List<String> records = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                JsonNode data = socket.receiveJson().at("/4/data");
                records.add(data.get("record").toString());
                assertThat(data.get("columns")).hasSize(2);
            }
            assertThat(records).containsExactlyInAnyOrder("{\"id\":50,\"room\":\"a\"}", "{\"id\":50,\"n\":1.5}");
            postgres.execute("delete from messages");
        }
    }

    private static void assertRefused(String role, String binding, String... texts) throws Exception {
        try (RawSocket socket = server.open(role)) {
            assertThat(socket.join("realtime:r", bindings(binding))
                            .get("status")
                            .asText())
                    .isEqualTo("ok");
            JsonNode system = socket.receiveJson();
            assertThat(system.get(3).asText()).isEqualTo("system");
            assertThat(system.at("/4/status").asText()).isEqualTo("error");
            assertThat(system.at("/4/extension").asText()).isEqualTo("postgres_changes");
            assertThat(system.at("/4/message").asText()).contains(texts);
        }
    }

    @Test
    void wildcardFollowsRowSecurityOfRole() throws Exception {
        try (RawSocket service = server.open("service_role");
                RawSocket anon = server.open("anon")) {
            service.join("realtime:t", bindings(table("todos")));
            awaitLive(service);
            anon.join("realtime:w", bindings("{\"event\":\"*\",\"schema\":\"public\"}"));
            awaitLive(anon);
            postgres.execute("insert into todos values (1, 'secret')", "insert into messages values (500, 'after')");
            assertThat(service.receiveJson().at("/4/data/record/task").asText()).isEqualTo("secret");
            assertThat(anon.receiveJson().at("/4/data/record/room").asText()).isEqualTo("after");
            postgres.execute("delete from todos; delete from messages");
        }
    }

    @Test
    void revokedColumnDisappearsWhileSubscribed() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:p", bindings(table("partly")));
            awaitLive(socket);
            postgres.execute("insert into partly values (1, 'p', 's')");
            JsonNode data = socket.receiveJson().at("/4/data");
            assertThat(data.get("record").toString()).isEqualTo("{\"id\":1,\"pub\":\"p\"}");
            assertThat(data.get("columns")).hasSize(2);
            postgres.execute("revoke select on partly from anon; revoke select (id, pub) on partly from anon");
            JsonNode system = socket.receiveJson();
            assertThat(system.at("/4/message").asText()).contains("TableNotAvailable: ");
            postgres.execute("insert into partly values (2, 'p', 's')");
            assertThat(socket.untilHeartbeat(false)).isEmpty();
            postgres.execute("grant select (id) on partly to anon");
            awaitLive(socket);
            postgres.execute("insert into partly values (3, 'p', 's')");
            assertThat(socket.receiveJson().at("/4/data/record").toString()).isEqualTo("{\"id\":3}");
        }
    }

    @Test
    void tableAddedToPublicationNeedsNoRejoin() throws Exception {
        postgres.execute("create table later (id int primary key)", "grant select on later to anon");
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:l", bindings(table("later")));
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("error");
            postgres.execute("alter publication supabase_realtime add table later");
            awaitLive(socket);
            postgres.execute("insert into later values (1)");
            assertThat(socket.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(1);
        }
    }

    @Test
    void filterSurvivesTypeChange() throws Exception {
        postgres.execute(
                "create table shape (id int primary key, k int)",
                "grant select on shape to anon",
                "alter publication supabase_realtime add table shape");
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:s", bindings("""
                    {"schema":"public","table":"shape","filter":"k=eq.7"}"""));
            awaitLive(socket);
            postgres.execute("alter table shape alter k type bigint");
            awaitLive(socket);
            postgres.execute("insert into shape values (1, 7), (2, 8)");
            assertThat(socket.receiveJson().at("/4/data/record/id").asInt()).isEqualTo(1);
            assertThat(socket.untilHeartbeat(false)).isEmpty();
        }
    }

    @Test
    void missingValuesAreNamedAndLargeRecordsCut() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:b", bindings(table("big"), table("inexact")));
            awaitLive(socket);
            postgres.execute(
                    "insert into big values (1, 1, repeat('x', 9000)); update big set n = 2",
                    "insert into inexact values (1, 5, '12:00+02')",
                    "insert into big values (2, 1, repeat('y', 1100000))");
            socket.receiveJson();
            JsonNode update = socket.receiveJson().at("/4/data");
            assertThat(update.get("record").toString()).isEqualTo("{\"id\":1,\"n\":2}");
            assertThat(update.get("missing").toString()).isEqualTo("{\"t\":\"unchanged_toast\"}");
            JsonNode inexact = socket.receiveJson().at("/4/data");
            assertThat(inexact.get("record").toString()).isEqualTo("{\"id\":1,\"m\":\"$5.00\",\"z\":\"12:00:00+02\"}");
            assertThat(inexact.get("missing").toString()).isEqualTo("{\"g\":\"generated_column_not_published\"}");
            JsonNode large = socket.receiveJson().at("/4/data");
            assertThat(large.get("errors").toString()).isEqualTo("[\"Error 413: Payload Too Large\"]");
            assertThat(large.get("record").toString()).isEqualTo("{\"id\":2,\"n\":1}");
        }
    }

    @Test
    void newTokenChangesViewWithoutLoss() throws Exception {
        postgres.execute(
                "create table tok (id int primary key, a text, b text)",
                "grant select (id, a) on tok to anon",
                "grant select (id, b) on tok to authenticated",
                "alter publication supabase_realtime add table tok");
        try (RawSocket socket = server.open("anon")) {
            socket.join("realtime:k", bindings(table("tok")));
            awaitLive(socket);
            postgres.execute("insert into tok values (1, 'a', 'b')");
            assertThat(socket.receiveJson().at("/4/data/record").toString()).isEqualTo("{\"id\":1,\"a\":\"a\"}");
            String token = new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                    .issue("authenticated", Map.of("sub", "x"), Duration.ofHours(1));
            socket.send("[\"1\",\"5\",\"realtime:k\",\"access_token\",{\"access_token\":\"" + token + "\"}]");
            awaitLive(socket);
            postgres.execute("insert into tok values (2, 'a', 'b')");
            assertThat(socket.receiveJson().at("/4/data/record").toString()).isEqualTo("{\"id\":2,\"b\":\"b\"}");
        }
    }

    private static void awaitLive(RawSocket socket) throws IOException {
        JsonNode system = socket.receiveJson();
        assertThat(system.at("/4/message").asText()).isEqualTo("Subscribed to PostgreSQL");
    }

    private static JsonNode change(RawSocket socket, List<Integer> ids, int... bindings) throws IOException {
        JsonNode payload = socket.receiveJson().get(4);
        List<Integer> expected = new ArrayList<>();
        for (int binding : bindings) {
            expected.add(ids.get(binding));
        }
        List<Integer> actual = new ArrayList<>();
        payload.get("ids").forEach(id -> actual.add(id.asInt()));
        assertThat(actual).containsExactlyInAnyOrderElementsOf(expected);
        return payload.get("data");
    }

    private static String bindings(String... bindings) {
        return "{\"postgres_changes\":[" + String.join(",", bindings) + "]}";
    }

    private static String table(String name) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + name + "\"}";
    }

    private static String filter(String filter) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"messages\",\"filter\":\"" + filter + "\"}";
    }
}
