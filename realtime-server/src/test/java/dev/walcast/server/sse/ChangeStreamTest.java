package dev.walcast.server.sse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.EventReader.Event;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The change feed over HTTP, from a real database.
class ChangeStreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final String ROWS = "schema=public&table=rows";
    private static final ObjectMapper JSON = new ObjectMapper();

    private static TestPostgres postgres;

    private String slot = "";
    private TestServer server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "grant usage on schema public to anon, authenticated",
                "create table rows (id int primary key, v text); alter table rows replica identity full",
                "create table hidden (id int primary key)",
                "create table own (id int primary key, owner text); alter table own enable row level security",
                "create policy own on own using (owner = current_setting('request.jwt.claims')::json ->> 'sub')",
                "grant select on rows, own to anon, authenticated",
                "create publication supabase_realtime for table rows, hidden, own");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute("truncate rows, own");
        slot = "e" + UUID.randomUUID().toString().replace("-", "");
        server = TestServer.start(TestServer.settings(postgres.url(), slot));
    }

    @AfterEach
    void stopServer() {
        server.close();
    }

    private String url(String query) {
        return server.url() + "/realtime/v1/changes?" + query;
    }

    private static String[] bearer(String token, String... more) {
        List<String> headers = new ArrayList<>(List.of("Authorization", "Bearer " + token));
        headers.addAll(List.of(more));
        return headers.toArray(String[]::new);
    }

    private EventReader open(String query, String... headers) throws Exception {
        return EventReader.open(url(query), bearer(TestServer.token("anon"), headers));
    }

    private static JsonNode live(EventReader reader) throws Exception {
        JsonNode system = reader.next("system").json();
        assertThat(system.path("message").asText()).isEqualTo("Subscribed to PostgreSQL");
        return system;
    }

    /// Other sessions see a commit a moment after it: a missed change may come before or after its `system` event.
    private static List<Integer> idsWithSystem(EventReader reader, int count) throws Exception {
        List<Integer> ids = new ArrayList<>();
        boolean resumed = false;
        while (ids.size() < count || !resumed) {
            Event event = reader.next();
            if (event.name().equals("system")) {
                resumed = event.json().at("/resume/0/status").asText().equals("resumed");
                assertThat(resumed).as(event.toString()).isTrue();
            } else {
                ids.add(event.json().at("/record/id").asInt());
            }
        }
        return ids;
    }

    private static int nextId(EventReader reader) throws Exception {
        return reader.next("message").json().at("/record/id").asInt();
    }

    private static void insert(int from, int to) {
        postgres.execute("insert into rows select n, 'v' || n from generate_series(" + from + ", " + to + ") n");
    }

    private static String encoded(String text) {
        return URLEncoder.encode(text, UTF_8);
    }

    // -- contents

    @Test
    void changesEqualThoseOfSockets() throws Exception {
        try (EventReader reader = open(ROWS)) {
            assertThat(reader.status()).isEqualTo(200);
            assertThat(reader.header("content-type")).isEqualTo("text/event-stream; charset=utf-8");
            assertThat(reader.header("cache-control")).isEqualTo("no-store");
            assertThat(reader.header("x-accel-buffering")).isEqualTo("no");
            assertThat(reader.header("access-control-allow-origin")).isEqualTo("*");
            Event system = reader.next("system");
            assertThat(system.id())
                    .isEqualTo(system.json().get("position").asText())
                    .isNotEmpty();
            postgres.execute(
                    "insert into rows values (1, E'a\\nb')",
                    "update rows set v = 'c' where id = 1",
                    "delete from rows where id = 1");
            for (String type : List.of("INSERT", "UPDATE", "DELETE")) {
                Event event = reader.next("message");
                assertThat(event.json().get("type").asText()).isEqualTo(type);
                assertThat(event.id()).isEqualTo(event.json().get("position").asText());
            }
        }
    }

    @Test
    void streamMayBeginWithRows() throws Exception {
        insert(1, 3);
        try (EventReader reader = open(ROWS + "&snapshot=true&filter=" + encoded("id=gt.1"))) {
            Event rows = reader.next("snapshot");
            assertThat(rows.json().get("first").asBoolean()).isTrue();
            assertThat(rows.json().get("last").asBoolean()).isTrue();
            assertThat(rows.json().get("rows").findValuesAsText("id")).containsExactlyInAnyOrder("2", "3");
            assertThat(live(reader).at("/resume/0/status").asText()).isEqualTo("snapshot");
            insert(4, 4);
            assertThat(nextId(reader)).isEqualTo(4);
        }
    }

    @Test
    void jsonWithLineBreaksArrivesWhole() throws Exception {
        postgres.execute(
                "create table if not exists doc (id int primary key, j json); grant select on doc to anon",
                "alter publication supabase_realtime add table doc");
        try (EventReader reader = open("schema=public&table=doc")) {
            live(reader);
            postgres.execute("insert into doc values (1, E'{\"a\":\\n\\r\\n1}')");
            assertThat(reader.next("message").json().at("/record/j/a").asInt()).isEqualTo(1);
        }
    }

    @Test
    void snapshotParameterSendsRows() throws Exception {
        insert(1, 5);
        try (EventReader reader = open(ROWS + "&order=id.desc&limit=2&filter=" + encoded("id=lt.5"))) {
            JsonNode snapshot = reader.next("snapshot").json();
            assertThat(snapshot.path("first").asBoolean()).isTrue();
            assertThat(snapshot.path("last").asBoolean()).isTrue();
            assertThat(snapshot.path("rows").toString()).isEqualTo("[{\"id\":4,\"v\":\"v4\"},{\"id\":3,\"v\":\"v3\"}]");
            assertThat(live(reader).at("/resume/0/status").asText()).isEqualTo("snapshot");
            insert(-1, -1);
            assertThat(nextId(reader)).isEqualTo(-1);
        }
        try (EventReader reader = open(ROWS + "&order=nothing")) {
            assertThat(reader.status()).isEqualTo(400);
        }
    }

    @Test
    void filterEventAndSelectApply() throws Exception {
        try (EventReader reader = open(ROWS + "&event=INSERT&select=id&filter=" + encoded("id=in.(2,3)"))) {
            live(reader);
            insert(1, 3);
            postgres.execute("update rows set v = 'w'");
            insert(4, 4);
            JsonNode first = reader.next("message").json();
            assertThat(first.get("record").toString()).isEqualTo("{\"id\":2}");
            assertThat(nextId(reader)).isEqualTo(3);
        }
    }

    @Test
    void rowsAndMembershipKeepTheView() throws Exception {
        insert(1, 2);
        try (EventReader reader = open(ROWS + "&snapshot=true&membership=true&filter=v=eq.v1")) {
            JsonNode rows = reader.next("snapshot").json().get("rows");
            assertThat(rows.toString()).isEqualTo("[{\"id\":1,\"v\":\"v1\"}]");
            assertThat(live(reader).at("/resume/0/status").asText()).isEqualTo("snapshot");
            postgres.execute("update rows set v = 'w' where id = 1", "update rows set v = 'v1' where id = 2");
            JsonNode left = reader.next("message").json();
            assertThat(left.get("type").asText()).isEqualTo("DELETE");
            assertThat(left.get("old_record").toString()).isEqualTo("{\"id\":1}");
            assertThat(left.get("membership").asText()).isEqualTo("left");
            JsonNode entered = reader.next("message").json();
            assertThat(entered.get("type").asText()).isEqualTo("INSERT");
            assertThat(entered.get("record").toString()).isEqualTo("{\"id\":2,\"v\":\"v1\"}");
            assertThat(entered.get("membership").asText()).isEqualTo("entered");
        }
    }

    @Test
    void membershipIsPassedOn() throws Exception {
        insert(1, 1);
        try (EventReader reader = open(ROWS + "&membership=true&filter=v=eq.v1")) {
            live(reader);
            postgres.execute("update rows set v = 'other'");
            JsonNode left = reader.next("message").json();
            // the INSERT may be seen after the stream is live
            left = left.get("type").asText().equals("INSERT")
                    ? reader.next("message").json()
                    : left;
            assertThat(left.get("type").asText()).isEqualTo("DELETE");
        }
    }

    @Test
    void rowsFollowPolicies() throws Exception {
        String alice = token("alice", Duration.ofHours(1));
        String url = url("schema=public&table=own&apikey=" + alice);
        try (EventReader reader = EventReader.open(url, "Authorization", "", "apikey", "")) {
            live(reader);
        }
        try (EventReader reader = EventReader.open(url)) {
            live(reader);
            postgres.execute("insert into own values (1, 'bob'), (2, 'alice'), (3, 'bob'), (4, 'alice')");
            assertThat(List.of(nextId(reader), nextId(reader))).containsExactly(2, 4);
        }
    }

    private static String token(String subject, Duration validFor) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", subject), validFor);
    }

    // -- coming back

    @Test
    void lastEventIdResumesAfterRestart() throws Exception {
        String last;
        try (EventReader reader = open(ROWS)) {
            live(reader);
            insert(1, 2);
            nextId(reader);
            last = reader.next("message").id();
        }
        insert(3, 4);
        try (EventReader reader = open(ROWS + "&resume=nonsense", "Last-Event-ID", last)) {
            assertThat(idsWithSystem(reader, 2)).containsExactly(3, 4);
        }
        for (String name : List.of("lastEventId", "last-event-id", "Last-Event-ID", "last_event_id")) {
            try (EventReader reader = open(ROWS + "&resume=nonsense&" + name + "=&" + name + "=" + last)) {
                assertThat(idsWithSystem(reader, 2)).as(name).containsExactly(3, 4);
            }
        }
        try (EventReader reader = open(ROWS + "&lastEventId=nonsense", "Last-Event-ID", last)) {
            assertThat(idsWithSystem(reader, 2)).containsExactly(3, 4);
        }
        ServerSettings settings = TestServer.onPort(TestServer.settings(postgres.url(), slot), server.port());
        server.close();
        insert(5, 5);
        server = TestServer.start(settings);
        try (EventReader reader = open(ROWS + "&resume=" + last)) {
            assertThat(idsWithSystem(reader, 3)).containsExactly(3, 4, 5);
        }
    }

    @Test
    void systemEventIdResumesStream() throws Exception {
        String last;
        try (EventReader reader = open(ROWS)) {
            last = reader.next("system").id();
        }
        insert(1, 1);
        try (EventReader reader = open(ROWS, "Last-Event-ID", last)) {
            assertThat(idsWithSystem(reader, 1)).containsExactly(1);
        }
    }

    @Test
    void invalidPositionIsReset() throws Exception {
        try (EventReader reader = open(ROWS, "Last-Event-ID", "nonsense")) {
            assertThat(live(reader).at("/resume/0/status").asText()).isEqualTo("reset");
            insert(1, 1);
            assertThat(nextId(reader)).isEqualTo(1);
        }
    }

    @Test
    void stoppingServerSendsGoodbye() throws Exception {
        try (EventReader reader = open(ROWS)) {
            live(reader);
            server.close();
            assertThat(reader.next("system").json().get("message").asText()).isEqualTo("Server requested disconnect");
            reader.assertEnds();
        }
    }

    // -- refusals and ends

    private void assertRefused(EventReader reader, int status, String code) throws Exception {
        try (reader) {
            assertThat(reader.status()).isEqualTo(status);
            JsonNode refusal = reader.refusal();
            assertThat(refusal.get("code").asText()).isEqualTo(code);
            assertThat(refusal.get("message").asText()).isNotEmpty();
            assertThat(reader.header("access-control-allow-origin")).isEqualTo("*");
        }
        await().atMost(PATIENCE).until(() -> server.server().streams().stats().connected() == 0);
    }

    @Test
    void refusalsHaveStatusCodeAndText() throws Exception {
        assertRefused(EventReader.open(url(ROWS)), 401, "MissingAPIKey");
        assertRefused(EventReader.open(url(ROWS), bearer("nonsense")), 401, "MalformedJWT");
        assertRefused(EventReader.open(url(ROWS + "&apikey=nonsense")), 401, "MalformedJWT");
        assertRefused(EventReader.open(url(ROWS), bearer(token("a", Duration.ofSeconds(-60)))), 401, "InvalidJWTToken");
        assertRefused(open("event=INSERT"), 400, "UnableToSubscribeToChanges");
        assertRefused(open("schema=public&table=hidden"), 400, "UnableToSubscribeToChanges");
        assertRefused(open(ROWS + "&filter=id"), 400, "UnableToSubscribeToChanges");
        assertRefused(open(ROWS + "&select=nothing"), 400, "UnableToSubscribeToChanges");
        assertRefused(open(ROWS + "&filters=" + encoded("id=eq.1")), 400, "InvalidStreamRequest");
        assertRefused(open(ROWS + "&table=hidden"), 400, "InvalidStreamRequest");
        assertRefused(open(ROWS + "&membership=perhaps"), 400, "UnableToSubscribeToChanges");
    }

    @Test
    void otherMethodsAreRefused() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (String method : List.of("HEAD", "POST")) {
                HttpResponse<String> answer = http.send(
                        HttpRequest.newBuilder(URI.create(url(ROWS)))
                                .method(method, HttpRequest.BodyPublishers.noBody())
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(405);
                assertThat(answer.headers().firstValue("allow")).hasValue("GET, OPTIONS");
            }
            HttpResponse<String> preflight = http.send(
                    HttpRequest.newBuilder(URI.create(url(ROWS)))
                            .method("OPTIONS", HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(preflight
                            .headers()
                            .firstValue("access-control-allow-headers")
                            .orElse(""))
                    .contains("last-event-id", "authorization", "apikey");
        }
    }

    @Test
    void expiredTokenEndsTheStream() throws Exception {
        try (EventReader reader = EventReader.open(url(ROWS), bearer(token("a", Duration.ofSeconds(15))))) {
            Event event = reader.next();
            event = event.name().equals("system") ? reader.next() : event;
            assertThat(event.name()).isEqualTo("error");
            assertThat(event.json().get("code").asText()).isEqualTo("InvalidJWTToken");
            reader.assertEnds();
        }
    }

    @Test
    void revokedRightEndsTheStream() throws Exception {
        try (EventReader reader = open(ROWS)) {
            live(reader);
            postgres.execute("revoke select on rows from anon");
            assertThat(reader.next("error").json().get("code").asText()).isEqualTo("UnableToSubscribeToChanges");
            reader.assertEnds();
            assertRefused(open(ROWS), 400, "UnableToSubscribeToChanges");
        } finally {
            postgres.execute("grant select on rows to anon");
        }
    }

    // -- a client that does not read

    @Test
    void slowStreamIsCutAndResumes() throws Exception {
        server.close();
        server = TestServer.start(TestServer.settings(postgres.url(), slot, TestServer.REPLAY, 4 << 20));
        try (EventReader other = open(ROWS + "&select=id");
                Socket slow = new Socket()) {
            live(other);
            slow.setReceiveBufferSize(16 * 1024);
            slow.connect(new InetSocketAddress("127.0.0.1", server.port()));
            slow.getOutputStream()
                    .write(("GET /changes?" + ROWS + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                                    + TestServer.token("anon") + "\r\n\r\n")
                            .getBytes(UTF_8));
            await().atMost(PATIENCE)
                    .until(() -> server.server().streams().stats().framesOut() >= 4);
            postgres.execute("insert into rows select n, repeat('x', 100000) from generate_series(1, 150) n");
            for (int id = 1; id <= 150; id++) {
                assertThat(nextId(other)).isEqualTo(id);
            }
            await().atMost(PATIENCE)
                    .until(() -> server.server().streams().stats().connected() == 1);
            assertThat(server.server().streams().stats().closed(CloseReason.SLOW_CONSUMER)
                            + server.server().streams().stats().closed(CloseReason.WRITE_TIMEOUT))
                    .isEqualTo(1);

            List<Integer> got = new ArrayList<>();
            String last = readRest(slow, got);
            try (EventReader again = open(ROWS, "Last-Event-ID", last)) {
                got.addAll(idsWithSystem(again, 150 - got.size()));
            }
            assertThat(got).isEqualTo(IntStream.rangeClosed(1, 150).boxed().toList());
        }
    }

    /// Reads what reached the client before it was cut. Only complete events count.
    private static String readRest(Socket socket, List<Integer> ids) throws Exception {
        String text = unchunked(socket.getInputStream());
        String last = "";
        for (String event : text.substring(0, text.lastIndexOf("\n\n") + 2).split("\n\n", -1)) {
            String data = null;
            for (String line : event.split("\n", -1)) {
                last = line.startsWith("id: ") ? line.substring(4) : last;
                data = line.startsWith("data: ") ? line.substring(6) : data;
            }
            if (data != null && !event.startsWith("event: ")) {
                ids.add(JSON.readTree(data).at("/record/id").asInt());
            }
        }
        return last;
    }

    private static String unchunked(InputStream in) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            String line = line(in);
            while (!line.isEmpty()) {
                line = line(in);
            }
            for (int size = Integer.parseInt(line(in), 16); size > 0; size = Integer.parseInt(line(in), 16)) {
                for (int i = 0; i < size; i++) {
                    body.write(byteOf(in));
                }
                line(in);
            }
        } catch (IOException | NumberFormatException e) {
            // cut in the middle
        }
        return body.toString(UTF_8);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = byteOf(in); b != '\n'; b = byteOf(in)) {
            if (b != '\r') {
                line.append((char) b);
            }
        }
        return line.toString();
    }

    private static int byteOf(InputStream in) throws IOException {
        int b = in.read();
        if (b < 0) {
            throw new IOException("cut");
        }
        return b;
    }

    // -- real clients

    @Test
    void curlReadsTheStream() throws Exception {
        Process curl;
        try {
            curl = new ProcessBuilder("curl", "-sN", "-H", "apikey: " + TestServer.token("anon"), url(ROWS))
                    .redirectErrorStream(true)
                    .start();
        } catch (IOException e) {
            abort("curl is not installed");
            return;
        }
        try (BufferedReader lines = curl.inputReader(UTF_8)) {
            assertThat(until(lines, "data: ")).contains("Subscribed to PostgreSQL");
            insert(7, 7);
            assertThat(until(lines, "data: ")).contains("\"record\":{\"id\":7,");
        } finally {
            curl.destroyForcibly();
        }
    }

    private static String until(BufferedReader lines, String start) throws IOException {
        String line = lines.readLine();
        while (!line.startsWith(start)) {
            line = lines.readLine();
        }
        return line;
    }

    @Test
    void browserEventSourceResumesAfterRestart() throws Exception {
        NodeScript.assumeNode();
        Map<String, String> argument = Map.of(
                "page", server.url() + "/livez", "url", url(ROWS), "broadcast", server.url() + "/broadcast?topic=news");
        try (NodeScript browser = NodeScript.start(
                "events.mjs", JSON.writeValueAsString(argument), Map.of("TOKEN", TestServer.token("anon")))) {
            browser.await("ready", _ -> true, PATIENCE);
            insert(1, 1);
            assertThat(browser.await("change", _ -> true, PATIENCE)
                            .at("/change/record/id")
                            .asInt())
                    .isEqualTo(1);
            server.server()
                    .sockets()
                    .rooms()
                    .broadcast(
                            new Broadcast.User(
                                    Topic.named("news"),
                                    "shout",
                                    Broadcast.Encoding.JSON,
                                    Slice.of("{\"x\":1}".getBytes(UTF_8))),
                            false);
            assertThat(browser.await("broadcast", _ -> true, PATIENCE)
                            .at("/message/payload/x")
                            .asInt())
                    .isEqualTo(1);
            ServerSettings settings = TestServer.onPort(TestServer.settings(postgres.url(), slot), server.port());
            server.close();
            insert(2, 3);
            server = TestServer.start(settings);
            for (int id = 2; id <= 3; id++) {
                assertThat(browser.await("change", _ -> true, PATIENCE)
                                .at("/change/record/id")
                                .asInt())
                        .isEqualTo(id);
            }
        }
    }
}
