package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The frames that official and old clients send, and the frames each needs before it reports that it is subscribed,
/// in sync, and gone. Clients that cannot run here are simulated.
class ClientFormsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final AtomicInteger TOPICS = new AtomicInteger();

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void start() throws Exception {
        postgres = TestPostgres.start();
        Stage.prepare(postgres);
        server = TestServer.start(postgres);
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
        postgres.close();
    }

    static List<ClientForm> forms() {
        return ClientForm.all();
    }

    @ParameterizedTest
    @MethodSource("forms")
    void clientReceivesItsChanges(ClientForm form) throws Exception {
        try (Talk talk = new Talk(form)) {
            talk.beats();
            talk.joins();
            talk.hearsItself();
            talk.hearsAChange();
            talk.tracks();
            talk.refreshesItsToken();
            talk.leaves();
        }
    }

    /// Before joins had a `config`: the topic is the binding, and changes come under their own names.
    @Test
    void realtimeJs1ReceivesChangesOfItsTopic() throws Exception {
        try (RawSocket socket = open("&vsn=1.0.0", Stage.anon())) {
            String topic = "realtime:public:rows:room=eq.js1";
            socket.send("{\"topic\":\"" + topic + "\",\"event\":\"phx_join\",\"payload\":{\"user_token\":\""
                    + Stage.anon() + "\"},\"ref\":\"1\",\"join_ref\":\"1\"}");
            JsonNode reply = socket.receiveJson();
            assertThat(reply.at("/payload/status").asText()).isEqualTo("ok");
            assertThat(reply.path("ref").asText()).isEqualTo("1");
            assertThat(socket.receiveJson().at("/payload/message").asText()).isEqualTo("Subscribed to PostgreSQL");
            insert("js1");
            JsonNode change = socket.receiveJson();
            assertThat(change.path("event").asText()).isEqualTo("INSERT");
            assertThat(change.at("/payload/record/room").asText()).isEqualTo("js1");
        }
    }

    private static RawSocket open(String query, String token) throws Exception {
        String path = "/realtime/v1/websocket?apikey=" + Stage.anon() + query.replace("TOKEN", token);
        RawSocket socket = RawSocket.open(server.port(), path, Map.of());
        assertThat(socket.status()).isEqualTo(101);
        return socket;
    }

    private static void insert(String room) {
        postgres.execute("insert into rows values (" + TOPICS.incrementAndGet() + ", '" + room + "')");
    }

    /// One client's conversation.
    private static final class Talk implements AutoCloseable {
        private final ClientForm form;
        private final String topic = "forms" + TOPICS.incrementAndGet();
        private final String token = Stage.anon();
        private final RawSocket socket;
        private JsonNode joinRef = NullNode.getInstance();

        Talk(ClientForm form) throws Exception {
            this.form = form;
            this.socket = open(form.query(), token);
        }

        @Override
        public void close() throws Exception {
            socket.close();
        }

        private JsonNode send(String frame) throws Exception {
            String filled = frame.replace("TOPIC", topic).replace("TOKEN", token);
            socket.send(filled);
            return JSON.readTree(filled);
        }

        private static JsonNode ref(JsonNode frame) {
            return frame.isArray() ? frame.get(1) : frame.get("ref");
        }

        private static String event(JsonNode frame) {
            return Conversation.event(frame);
        }

        private static JsonNode payload(JsonNode frame) {
            return Conversation.payload(frame);
        }

        /// The next frame, in the client's version and of its channel.
        private JsonNode next() throws Exception {
            JsonNode frame = socket.receiveJson();
            if (form.isArray()) {
                assertThat(frame).hasSize(5);
                assertThat(frame.get(0)).as(frame.toString()).isIn(NullNode.getInstance(), joinRef);
            } else {
                assertThat(frame.fieldNames())
                        .toIterable()
                        .containsExactlyInAnyOrder("topic", "event", "payload", "ref");
            }
            return frame;
        }

        private JsonNode until(Predicate<JsonNode> wanted) throws Exception {
            JsonNode frame = next();
            while (!wanted.test(frame)) {
                frame = next();
            }
            return frame;
        }

        /// Clients match replies by the ref they have sent.
        private void expectReply(JsonNode sent) throws Exception {
            JsonNode reply = next();
            assertThat(event(reply)).as(reply.toString()).isEqualTo("phx_reply");
            assertThat(ref(reply)).isEqualTo(ref(sent));
            assertThat(payload(reply).path("status").asText())
                    .as(reply.toString())
                    .isEqualTo("ok");
        }

        void beats() throws Exception {
            expectReply(send(form.heartbeat()));
        }

        void joins() throws Exception {
            JsonNode sent = send(form.join());
            joinRef = sent.isArray() ? sent.get(0) : sent.path("join_ref");
            JsonNode reply = next();
            assertThat(ref(reply)).isEqualTo(ref(sent));
            assertThat(payload(reply).path("status").asText())
                    .as(reply.toString())
                    .isEqualTo("ok");
            JsonNode echo = payload(reply).at("/response/postgres_changes/0");
            assertThat(echo.path("filter").asText()).isEqualTo("room=eq." + topic);
            assertThat(echo.path("id").isInt()).isTrue();
            int pushes = form.asksForPresence() ? 2 : 1;
            List<String> heard = new ArrayList<>();
            for (int i = 0; i < pushes; i++) {
                JsonNode push = next();
                assertThat(ref(push).isNull()).as(push.toString()).isTrue();
                heard.add(event(push) + " " + payload(push).path("message").asText());
            }
            assertThat(heard).contains("system Subscribed to PostgreSQL");
            assertThat(heard.contains("presence_state ")).isEqualTo(form.asksForPresence());
        }

        void hearsItself() throws Exception {
            send(form.broadcast());
            JsonNode heard = until(frame -> event(frame).equals("broadcast"));
            assertThat(ref(heard).isNull()).isTrue();
            assertThat(payload(heard).at("/payload/n").asText()).isEqualTo("1.5");
        }

        void hearsAChange() throws Exception {
            insert(topic);
            JsonNode change = until(frame -> event(frame).equals("postgres_changes"));
            assertThat(payload(change).at("/data/record/room").asText()).isEqualTo(topic);
        }

        /// `sync` fires at a state and not before.
        void tracks() throws Exception {
            expectReply(send(form.track()));
            JsonNode frame = next();
            if (!form.asksForPresence()) {
                assertThat(event(frame)).isEqualTo("presence_state");
                frame = next();
            }
            assertThat(event(frame)).as(frame.toString()).isEqualTo("presence_diff");
            assertThat(payload(frame).at("/joins").findValue("name").asText()).isEqualTo("me");
        }

        void refreshesItsToken() throws Exception {
            send(form.token());
            assertThat(socket.untilHeartbeat(!form.isArray())).isEmpty();
        }

        void leaves() throws Exception {
            expectReply(send(form.leave()));
            JsonNode left = until(frame ->
                    event(frame).equals("presence_diff") || event(frame).equals("phx_close"));
            assertThat(event(left)).isEqualTo("phx_close");
            assertThat(ref(left)).isEqualTo(joinRef.isMissingNode() ? NullNode.getInstance() : joinRef);
        }
    }
}
