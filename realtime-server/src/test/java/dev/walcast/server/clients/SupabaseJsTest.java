package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The unmodified `@supabase/supabase-js` from npm against the real server.
class SupabaseJsTest {
    private static final String ALL_ROWS = "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\"}";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        String whyNot = NodeScript.whyNot();
        if (whyNot != null) {
            System.out.println("SupabaseJsTest is skipped: " + whyNot);
        }
        assumeThat(whyNot).isNull();
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id bigint primary key, room text, n numeric, at timestamptz)",
                "alter table rows replica identity full",
                "grant select on rows to anon",
                "create publication supabase_realtime for table rows");
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
    void insertUpdateAndDeleteArriveWithTheRightOldAndNew() throws Exception {
        try (NodeScript client = listen("{\"bindings\":[" + ALL_ROWS + "]}")) {
            client.awaitLive();
            postgres.execute(
                    "insert into rows values (1, 'general', 1.50, '2024-01-01Z'); update rows set room = 'other'; delete from rows");
            JsonNode insert = change(client, "INSERT");
            assertThat(insert.get("new").toString())
                    .isEqualTo("{\"id\":1,\"room\":\"general\",\"n\":1.5,\"at\":\"2024-01-01T00:00:00+00:00\"}");
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
    void aFilterSelectsRowsAndABroadcastComesBackWithItsAcknowledgement() throws Exception {
        String filtered =
                "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rows\",\"filter\":\"room=eq.general\"}";
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
    void tenThousandRowsInAHundredTransactionsAndFiftyThousandInOneArriveOnceEachInOrder() throws Exception {
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

    private static JsonNode change(NodeScript client, String type) throws Exception {
        return client.await(
                        "change", line -> line.at("/change/eventType").asText().equals(type))
                .get("change");
    }

    private static NodeScript listen(String argument) throws Exception {
        return NodeScript.start(
                "listen.mjs", argument, Map.of("WALCAST_URL", server.url(), "ANON_KEY", TestServer.token("anon")));
    }
}
