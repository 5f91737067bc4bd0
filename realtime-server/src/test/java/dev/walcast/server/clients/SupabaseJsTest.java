package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The unmodified `@supabase/supabase-js` from npm against the real server.
class SupabaseJsTest {
    private static final String ALL_ROWS = "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\"}";

    private static final String OWN_ROWS = "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"own\"}";
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        NodeScript.assumeNode();
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id bigint primary key, room text, n numeric, at timestamptz)",
                "alter table rows replica identity full",
                "create role authenticated nologin; grant usage on schema public to authenticated",
                "create table own (id int primary key, owner uuid); alter table own enable row level security",
                "create policy own on own using (owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid)",
                "grant select on own to authenticated",
                "grant select on rows to anon",
                "create publication supabase_realtime for table rows, own");
        server = TestServer.start(postgres);
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
            postgres.close();
        }
    }

    @BeforeEach
    void emptyTable() {
        postgres.execute("truncate rows");
    }

    @Test
    void changesArriveWithOldAndNewRow() throws Exception {
        try (NodeScript client = listen("{\"bindings\":[" + ALL_ROWS + "]}")) {
            client.awaitLive();
            postgres.execute(
                    "insert into rows values (1, 'general', 1.50, '2024-01-01Z'); update rows set room = 'other'; delete from rows");
            JsonNode insert = change(client, "INSERT");
            assertThat(insert.get("new").toString()).isEqualTo("""
                            {"id":1,"room":"general","n":1.5,"at":"2024-01-01T00:00:00+00:00"}""");
            assertThat(insert.get("old").toString()).isEqualTo("{}");
            JsonNode update = change(client, "UPDATE");
            assertThat(update.at("/new/room").asText()).isEqualTo("other");
            assertThat(update.at("/old/room").asText()).isEqualTo("general");
            JsonNode delete = change(client, "DELETE");
            assertThat(delete.get("new").toString()).isEqualTo("{}");
            assertThat(delete.at("/old/room").asText()).isEqualTo("other");
            assertThat(delete.get("errors").isNull()).isTrue();
        }
    }

    @Test
    void pageReadsWhyItsKeyIsRefused() throws Exception {
        String forged = new TokenIssuer("x".repeat(40), Clock.systemUTC()).issue("anon", Map.of(), Duration.ofHours(1));
        String page = """
                import { createClient } from '@supabase/supabase-js'
                import WebSocket from 'ws'
                // headers that a browser adds, and a page cannot see
                class PageSocket extends WebSocket {
                  constructor(url, protocols) { super(url, protocols, { origin: 'http://page.example' }) }
                }
                const client = createClient(process.env.WALCAST_URL, process.env.KEY, { realtime: { transport: PageSocket } })
                client.channel('room').subscribe((status, error) =>
                  console.log(JSON.stringify({ event: 'status', status, reason: error?.message ?? '' })))
                """;
        try (NodeScript client = NodeScript.startModule(page, Map.of("WALCAST_URL", server.url(), "KEY", forged))) {
            JsonNode line = client.await(
                    "status", status -> !status.get("reason").asText().isEmpty());
            assertThat(line.get("status").asText()).isEqualTo("CHANNEL_ERROR");
            assertThat(line.get("reason").asText()).contains("JwtSignatureError: Failed to validate JWT signature");
        }
    }

    @Test
    void realtimeJs287PostsWithoutToken() throws Exception {
        // its Authorization is empty then
        String script = """
                import { RealtimeClient } from 'realtime-js-2-87'
                import WebSocket from 'ws'
                const url = process.env.WALCAST_URL.replace('http', 'ws') + '/realtime/v1'
                const client = new RealtimeClient(url, { params: { apikey: process.env.KEY }, transport: WebSocket })
                const answer = await client.channel('room').send({ type: 'broadcast', event: 'e', payload: {} })
                console.log(JSON.stringify({ event: 'answer', answer }))
                """;
        try (NodeScript client =
                NodeScript.startModule(script, Map.of("WALCAST_URL", server.url(), "KEY", TestServer.token("anon")))) {
            assertThat(client.await("answer", _ -> true).get("answer").asText()).isEqualTo("ok");
        }
    }

    @Test
    void filterAndBroadcastWork() throws Exception {
        String filtered = """
                {"event":"INSERT","schema":"public","table":"rows","filter":"room=eq.general"}""";
        try (NodeScript client = listen("{\"bindings\":[" + filtered + "]}")) {
            client.awaitLive();
            postgres.execute("insert into rows values (1, 'other'), (2, 'general')");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(2);
            client.command("{\"cmd\":\"broadcast\"}");
            assertThat(client.await("broadcast", _ -> true)
                            .at("/message/payload/text")
                            .asText())
                    .isEqualTo("héllo");
            assertThat(client.await("sent", _ -> true).get("answer").asText()).isEqualTo("ok");
        }
    }

    @Test
    void snapshotBeginsWithRows() throws Exception {
        postgres.execute(
                "insert into rows select n, 'general', n from generate_series(1, 3) n",
                "insert into rows values (4, 'other')");
        String binding = """
                {"event":"*","schema":"public","table":"rows","filter":"room=eq.general",\
                "snapshot":{"order":"id.desc"}}""";
        try (NodeScript client = listen("{\"bindings\":[" + binding + "]}")) {
            JsonNode snapshot = client.await(
                            "system", line -> line.at("/message").has("snapshot"))
                    .at("/message/snapshot");
            assertThat(snapshot.get("last").asBoolean()).isTrue();
            assertThat(snapshot.get("rows").findValuesAsText("id")).containsExactly("3", "2", "1");
            assertThat(snapshot.at("/rows/0").toString())
                    .isEqualTo("{\"id\":3,\"room\":\"general\",\"n\":3,\"at\":null}");
            client.awaitLive();
            postgres.execute("insert into rows values (5, 'general')");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(5);
        }
    }

    /// Each as the client's filter builder is called; each meets the row with id 1 and not that with id 2.
    private static final String[] CALLS = {
        "[[\"eq\",\"id\",1]]",
        "[[\"neq\",\"id\",2]]",
        "[[\"lt\",\"n\",2]]",
        "[[\"lte\",\"n\",1.5]]",
        "[[\"gt\",\"room\",\"a\"],[\"lt\",\"id\",2]]",
        "[[\"gte\",\"at\",\"2024-01-01\"]]",
        "[[\"in\",\"room\",[\"x,y\",\"gen(1)\"]]]",
        "[[\"like\",\"room\",\"gen%\"]]",
        "[[\"ilike\",\"room\",\"GEN_1_\"]]",
        "[[\"is\",\"at\",null],[\"eq\",\"id\",0]]",
        "[[\"match\",\"room\",\"^gen.1.$\"]]",
        "[[\"imatch\",\"room\",\"GEN\"]]",
        "[[\"isDistinct\",\"room\",\"other\"]]",
        "[[\"not\",\"room\",\"like\",\"o%\"]]"
    };

    @Test
    void filterBuilderReachesEveryOperator() throws Exception {
        StringBuilder bindings = new StringBuilder();
        for (int i = 0; i < CALLS.length; i++) {
            bindings.append(i == 0 ? "" : ",")
                    .append("{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rows\",\"name\":\"")
                    .append(i)
                    .append("\",\"filter\":")
                    .append(CALLS[i])
                    .append('}');
        }
        try (NodeScript client = listen("{\"bindings\":[" + bindings + "]}")) {
            client.awaitLive();
            postgres.execute(
                    "insert into rows values (2, 'other', 5, '2020-01-01Z'), (1, 'gen(1)', 1.5, '2024-01-01Z')");
            for (int i = 0; i < CALLS.length; i++) {
                if (i != 9) {
                    JsonNode change = client.await("change", _ -> true);
                    assertThat(change.at("/change/new/id").asInt())
                            .as(CALLS[change.get("binding").asInt()])
                            .isEqualTo(1);
                }
            }
        }
    }

    @Test
    void freshTokenChangesWhatAUserSees() throws Exception {
        try (NodeScript alice = listen("{\"bindings\":[" + OWN_ROWS + "]}", user(ALICE));
                NodeScript bob = listen("{\"bindings\":[" + OWN_ROWS + "]}", user(BOB))) {
            alice.awaitLive();
            bob.awaitLive();
            postgres.execute("insert into own values (1, '" + ALICE + "'), (2, '" + BOB + "')");
            assertThat(change(alice, "INSERT").at("/new/id").asInt()).isEqualTo(1);
            assertThat(change(bob, "INSERT").at("/new/id").asInt()).isEqualTo(2);
            bob.command("{\"cmd\":\"token\",\"token\":\"" + user(ALICE) + "\"}");
            bob.awaitLive();
            postgres.execute("insert into own values (3, '" + BOB + "'), (4, '" + ALICE + "')");
            assertThat(change(bob, "INSERT").at("/new/id").asInt()).isEqualTo(4);
        }
    }

    @Test
    void membershipTurnsUpdatesIntoInsertOrDelete() throws Exception {
        String member = """
                {"event":"*","schema":"public","table":"rows","filter":"room=eq.general","membership":true}""";
        try (NodeScript client = listen("{\"bindings\":[" + member + "]}")) {
            client.awaitLive();
            postgres.execute(
                    "insert into rows values (1, 'general', 1), (2, 'other', 2)",
                    "update rows set room = 'other' where id = 1",
                    "update rows set room = 'general' where id = 2");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(1);
            JsonNode left = change(client, "DELETE");
            assertThat(left.get("old").toString()).isEqualTo("{\"id\":1}");
            assertThat(left.get("new").toString()).isEqualTo("{}");
            JsonNode entered = change(client, "INSERT");
            assertThat(entered.at("/new/id").asInt()).isEqualTo(2);
            assertThat(entered.at("/new/n").asInt()).isEqualTo(2);
            assertThat(entered.get("old").toString()).isEqualTo("{}");
        }
    }

    @Test
    void unacknowledgedChangesComeAgain() throws Exception {
        String acknowledged = ALL_ROWS.replace("}", ",\"ack\":\"js\"}");
        try (NodeScript client = listen("{\"bindings\":[" + acknowledged + "]}")) {
            client.awaitLive();
            postgres.execute("insert into rows values (1)");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(1);
            client.command("{\"cmd\":\"ack\"}");
            assertThat(client.await("acked", _ -> true).get("answer").asText()).isEqualTo("ok");
            postgres.execute("insert into rows values (2)");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(2);
            client.command("{\"cmd\":\"cut\"}");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(2);
            client.awaitLive();
        }
    }

    private static String user(String id) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", id), Duration.ofHours(1));
    }

    @Test
    void manyRowsArriveOnceInOrder() throws Exception {
        try (NodeScript client = listen("{\"quiet\":true,\"bindings\":[" + ALL_ROWS + "]}")) {
            client.awaitLive();
            for (int i = 0; i < 100; i++) {
                postgres.execute("insert into rows select n, 'general' from generate_series(" + (i * 100 + 1) + ","
                        + (i * 100 + 100) + ") n");
            }
            postgres.execute("insert into rows select n, 'general' from generate_series(10001, 60000) n");
            await().atMost(Duration.ofSeconds(90))
                    .pollInterval(Duration.ofMillis(300))
                    .until(() -> {
                        client.command("{\"cmd\":\"digest\"}");
                        return client.await("digest", _ -> true).get("count").asInt() >= 60_000;
                    });
            client.command("{\"cmd\":\"digest\"}");
            JsonNode digest = client.await("digest", _ -> true);
            assertThat(digest.get("count").asInt()).isEqualTo(60_000);
            assertThat(digest.get("distinct").asInt()).isEqualTo(60_000);
            assertThat(digest.get("ordered").asBoolean()).isTrue();
            assertThat(digest.get("first").asInt()).isEqualTo(1);
        }
    }

    @Test
    void presenceOfTwoMembers() throws Exception {
        try (NodeScript alice = listen("{\"presence\":\"alice\"}");
                NodeScript bob = listen("{\"presence\":\"bob\"}")) {
            alice.await("status", line -> line.get("status").asText().equals("SUBSCRIBED"));
            bob.await("status", line -> line.get("status").asText().equals("SUBSCRIBED"));
            alice.command("{\"cmd\":\"track\",\"object\":{\"mood\":\"good\"}}");
            assertThat(alice.await("tracked", _ -> true).get("answer").asText()).isEqualTo("ok");
            bob.await("sync", line -> mood(line, "alice").equals("good"));
            bob.command("{\"cmd\":\"track\",\"object\":{\"mood\":\"fine\"}}");
            alice.await(
                    "sync",
                    line -> mood(line, "bob").equals("fine")
                            && mood(line, "alice").equals("good"));
            alice.command("{\"cmd\":\"track\",\"object\":{\"mood\":\"better\"}}");
            JsonNode updated = bob.await("sync", line -> mood(line, "alice").equals("better"));
            assertThat(updated.at("/state/alice")).hasSize(1);
            alice.command("{\"cmd\":\"untrack\"}");
            assertThat(bob.await(
                                    "leave",
                                    line -> line.at("/leftPresences/0/mood")
                                            .asText()
                                            .equals("better"))
                            .get("key")
                            .asText())
                    .isEqualTo("alice");
            bob.close();
            alice.await("leave", line -> line.get("key").asText().equals("bob"));
            assertThat(alice.await("sync", _ -> true).get("state")).isEmpty();
        }
    }

    private static String mood(JsonNode sync, String key) {
        return sync.at("/state/" + key + "/0/mood").asText();
    }

    private static JsonNode change(NodeScript client, String type) throws Exception {
        return client.await(
                        "change", line -> line.at("/change/eventType").asText().equals(type))
                .get("change");
    }

    private static NodeScript listen(String argument) throws Exception {
        return listen(argument, TestServer.token("anon"));
    }

    private static NodeScript listen(String argument, String token) throws Exception {
        return NodeScript.start("listen.mjs", argument, Map.of("WALCAST_URL", server.url(), "ANON_KEY", token));
    }
}
