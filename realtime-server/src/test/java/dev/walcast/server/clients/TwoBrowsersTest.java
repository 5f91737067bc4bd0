package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Two users in two real browsers, each with the unmodified `@supabase/supabase-js`: row-level security from end to
/// end.
class TwoBrowsersTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";

    @Test
    void browsersSeeTheirOwnRows() throws Exception {
        NodeScript.assumeBrowser();
        try (TestPostgres postgres = TestPostgres.start()) {
            prepare(postgres);
            try (TestServer server = TestServer.start(postgres);
                    NodeScript alice = open(server, ALICE);
                    NodeScript bob = open(server, BOB)) {
                alice.awaitLive();
                bob.awaitLive();

                postgres.execute("insert into own values (1, '" + ALICE + "'), (2, '" + BOB + "')");
                assertThat(nextId(alice)).isEqualTo(1);
                assertThat(nextId(bob)).isEqualTo(2);

                bob.command("{\"cmd\":\"token\",\"token\":\"" + token(ALICE) + "\"}");
                bob.awaitLive();
                postgres.execute("insert into own values (3, '" + BOB + "'), (4, '" + ALICE + "')");
                assertThat(nextId(bob)).isEqualTo(4);
                assertThat(nextId(alice)).isEqualTo(4);

                postgres.execute("revoke select on own from authenticated");
                awaitRevocation(alice);
                awaitRevocation(bob);
                postgres.execute("insert into own values (5, '" + ALICE + "')", "grant select on own to authenticated");
                alice.awaitLive();
                postgres.execute("insert into own values (6, '" + ALICE + "')");
                assertThat(nextId(alice)).isEqualTo(6);
                assertThat(alice.transcript()).noneMatch(line -> line.contains("\"failure\""));
            }
        }
    }

    private static void prepare(TestPostgres postgres) {
        postgres.execute(
                "create role authenticated nologin; grant usage on schema public to authenticated",
                "create table own (id int primary key, owner uuid); alter table own enable row level security",
                "create policy own on own using (owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid)",
                "grant select on own to authenticated",
                "create publication supabase_realtime for table own");
    }

    private static NodeScript open(TestServer server, String user) throws Exception {
        ObjectNode argument = JsonNodeFactory.instance
                .objectNode()
                .put("url", server.url())
                .put("page", server.url() + "/livez")
                .put("table", "own");
        return NodeScript.start("browser.mjs", argument.toString(), Map.of("TOKEN", token(user)));
    }

    private static void awaitRevocation(NodeScript browser) throws Exception {
        browser.await("system", line -> line.at("/message/message").asText().contains("TableNotAvailable"));
    }

    private static int nextId(NodeScript browser) throws Exception {
        return browser.await("change", _ -> true).at("/change/new/id").asInt();
    }

    private static String token(String user) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", user), Duration.ofHours(1));
    }
}
