package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// All clients reconnect at once after a restart. The number of questions to the database depends on roles, tables,
/// filters and users, and not on the number of clients.
class RejoinStormTest {
    private static final int CLIENTS = 500;
    private static final int USERS = 5;
    private static final int MISSED = 20;
    private static final Pattern STATEMENT = Pattern.compile("(?:statement|execute [^:]*): (.*)");

    private static final String BINDINGS = String.join(
            ",",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\",\"filter\":\"room=eq.%2$d\"%1$s}",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\",\"filter\":\"state=eq.open\"%1$s}",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\",\"filter\":\"at=gt.yesterday\"%1$s}",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"rows\",\"filter\":\"v=like.a*\"%1$s}",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"own\"%1$s}",
            "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"*\"%1$s}");

    private static TestPostgres postgres() {
        TestPostgres postgres = TestPostgres.start(Map.of("log_statement", "all", "log_min_messages", "log"));
        postgres.execute(
                "create role authenticated nologin; create type state as enum ('open', 'done')",
                "create function uid() returns uuid language sql stable as $$ select"
                        + " (coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb ->> 'sub')::uuid $$",
                "create table rows (id int primary key, room int, state state, at timestamptz, v text)",
                "create table own (id int primary key, owner uuid); alter table own enable row level security",
                "create policy own on own using (owner = uid())",
                "grant select on rows, own to authenticated",
                "create publication supabase_realtime for table rows, own");
        return postgres;
    }

    @Test
    void databaseLoadDoesNotGrowWithClients() throws Exception {
        try (TestPostgres postgres = postgres();
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ServerSettings settings = TestServer.settings(postgres, "storm");
            String position;
            try (TestServer before = TestServer.start(settings)) {
                position = join(before, 0, "").system().get("position").asText();
            }
            for (int id = 1; id <= MISSED; id++) {
                postgres.execute("insert into rows values (" + id + ", " + (id % 2) + ", 'open', now(), 'abc')");
            }
            long logged = Files.size(postgres.log());
            List<Future<Heard>> all = new ArrayList<>();
            try (TestServer after = TestServer.start(settings)) {
                for (int i = 0; i < CLIENTS; i++) {
                    int number = i;
                    all.add(threads.submit(() -> join(after, number, ",\"resume\":\"" + position + "\"")));
                }
                for (Future<Heard> one : all) {
                    assertResumed(one.get());
                }
            }
            Map<String, Integer> often = statements(postgres, logged);
            often.values().removeIf(count -> count < CLIENTS / 2);
            assertThat(often).as("statements that were sent for each client").isEmpty();
        }
    }

    private record Heard(int changes, JsonNode system) {}

    private static void assertResumed(Heard heard) {
        assertThat(heard.system().get("resume"))
                .hasSize(6)
                .allMatch(one -> one.get("status").asText().equals("resumed"));
        assertThat(heard.changes()).isGreaterThanOrEqualTo(MISSED);
    }

    private static Heard join(TestServer server, int number, String resume) throws Exception {
        String path = "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token(number % USERS);
        try (RawSocket socket = RawSocket.open(server.port(), path, Map.of())) {
            socket.patience(Duration.ofSeconds(120));
            assertThat(socket.join(
                                    "realtime:r",
                                    "{\"postgres_changes\":[" + BINDINGS.formatted(resume, number % 2) + "]}")
                            .get("status")
                            .asText())
                    .isEqualTo("ok");
            int changes = 0;
            JsonNode frame = socket.receiveJson();
            while (!frame.get(3).asText().equals("system")) {
                changes += frame.at("/4/ids").size();
                frame = socket.receiveJson();
            }
            assertThat(frame.at("/4/status").asText()).as(frame.toString()).isEqualTo("ok");
            return new Heard(changes, frame.get(4));
        }
    }

    private static String token(int user) {
        return TOKENS.get(user);
    }

    private static final List<String> TOKENS = IntStream.range(0, USERS)
            .mapToObj(user -> new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                    .issue(
                            "authenticated",
                            Map.of("sub", "11111111-1111-4111-8111-11111111111" + user),
                            Duration.ofHours(1)))
            .toList();

    /// How often each statement was sent since.
    private static Map<String, Integer> statements(TestPostgres postgres, long since) throws Exception {
        byte[] log = Files.readAllBytes(postgres.log());
        String added = new String(log, (int) since, log.length - (int) since, StandardCharsets.UTF_8);
        return added.lines()
                .map(STATEMENT::matcher)
                .filter(Matcher::find)
                .collect(Collectors.toMap(line -> line.group(1), _ -> 1, Integer::sum, TreeMap::new));
    }
}
