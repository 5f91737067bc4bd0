package dev.walcast.server.testing;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.access.TopicQuestions;
import dev.walcast.server.acks.AckLimits;
import dev.walcast.server.acks.Cursors;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.front.FrontLimits;
import dev.walcast.server.front.HttpFront;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.rest.RestLimits;
import dev.walcast.server.rest.RestRoutes;
import dev.walcast.server.rest.TestingPermissions;
import dev.walcast.server.session.Backends;
import dev.walcast.server.session.SocketServer;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.sse.EventStreams;
import io.helidon.webserver.http.HttpRouting;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Set;

/// The real server on a free port. Only the database behind it is replaced.
public final class TestingServer implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .build();

    public final TestingChangeFeed feed = new TestingChangeFeed();
    public final TestingTopics topics;
    public final TestingTime time = new TestingTime();

    /// Whether broadcasts from the database arrive.
    public volatile boolean databaseBroadcasts;

    private final Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
    final MemoryBudget memory;
    public final SocketServer sockets;
    public final EventStreams streams;
    private final RestRoutes rest;
    private final HttpFront front;

    public TestingServer(SocketLimits limits) {
        this(limits, PresenceLimits.defaults(), new TestingTopics());
    }

    /// With a database that others know as well.
    TestingServer(SocketLimits limits, TestingTopics topics) {
        this(limits, PresenceLimits.defaults(), topics);
    }

    public TestingServer(SocketLimits limits, PresenceLimits presence) {
        this(limits, presence, new TestingTopics());
    }

    public TestingServer(SocketLimits limits, PresenceLimits presence, TestingTopics topics) {
        this(limits, presence, topics, TokenRules.ofSecret(TestingTokens.SECRET), rest(limits), topics, usual());
    }

    public TestingServer(SocketLimits limits, TokenRules tokens) {
        this(
                limits,
                PresenceLimits.defaults(),
                new TestingTopics(),
                tokens,
                rest(limits),
                new TestingPermissions(),
                usual());
    }

    public TestingServer(SocketLimits limits, RestLimits restLimits, TopicPermissions permissions) {
        this(
                limits,
                PresenceLimits.defaults(),
                new TestingTopics(),
                TokenRules.ofSecret(TestingTokens.SECRET),
                restLimits,
                permissions,
                usual());
    }

    /// With so much memory for clients.
    public TestingServer(SocketLimits limits, PresenceLimits presence, TestingTopics topics, MemoryBudget memory) {
        this(limits, presence, topics, TokenRules.ofSecret(TestingTokens.SECRET), rest(limits), topics, memory);
    }

    private static MemoryBudget usual() {
        return new MemoryBudget(256L << 20, 64L << 20, System::nanoTime);
    }

    private static RestLimits rest(SocketLimits limits) {
        return RestLimits.of(limits.payloadBytesMax(), 100);
    }

    private TestingServer(
            SocketLimits limits,
            PresenceLimits presence,
            TestingTopics topics,
            TokenRules tokens,
            RestLimits restLimits,
            TopicPermissions permissions,
            MemoryBudget memory) {
        this.memory = memory;
        this.topics = topics;
        TokenVerifier verifier = new TokenVerifier(tokens, time);
        Backends backends =
                new Backends(feed, new Cursors(AckLimits.defaults(), time), topics, topics, () -> databaseBroadcasts);
        this.sockets =
                new SocketServer(limits, presence, verifier, backends, time, memory, System::nanoTime, time::nanos);
        HttpRouting.Builder routing = HttpRouting.builder();
        sockets.register(routing);
        CallerQuestions callers = permissions == topics
                ? sockets.callerQuestions()
                : callers(permissions, limits.clients().topicChecksMax());
        this.rest = new RestRoutes(restLimits, verifier, sockets.rooms(), callers, memory);
        this.streams = new EventStreams(limits, sockets.guests(), feed);
        routing.register(rest, streams);
        sockets.start(supervisor);
        streams.start(supervisor);
        this.front = new HttpFront("127.0.0.1", 0, FrontLimits.of(limits, AddressLimits.defaults()), supervisor);
        try {
            front.serve(routing, sockets.upgraders());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// For callers whose database is not that of the sockets.
    public static CallerQuestions callers(TopicPermissions permissions, int atOnce) {
        return new CallerQuestions(new TopicQuestions(permissions, new TestingTopics(), atOnce, System::nanoTime));
    }

    /// The defaults, but refusals come soon.
    public static TestingLimits limits() {
        return new TestingLimits();
    }

    public TestingServer(TestingLimits limits) {
        this(limits.build());
    }

    public int port() {
        return front.port();
    }

    public Set<String> streamPaths() {
        return streams.documented();
    }

    public WireClient open(String version) throws IOException {
        return WireClient.open(port(), path(version));
    }

    /// A 2.0.0 client.
    public WireClient open() throws IOException {
        return open("2.0.0");
    }

    public static String path(String version) {
        return "/realtime/v1/websocket?apikey=" + TestingTokens.ANON + "&vsn=" + version;
    }

    public static String join(String ref, String topic) {
        return join(ref, topic, "{\"config\":{\"broadcast\":{\"self\":true,\"ack\":true}}}");
    }

    public static String join(String ref, String topic, String payload) {
        return "[\"" + ref + "\",\"" + ref + "\",\"" + topic + "\",\"phx_join\"," + payload + "]";
    }

    public static String joined(String ref, String topic) {
        return "[\"" + ref + "\",\"" + ref + "\",\"" + topic
                + "\",\"phx_reply\",{\"status\":\"ok\",\"response\":{\"postgres_changes\":[]}}]";
    }

    public static String broadcast(String ref, String topic, String payload) {
        return "[null,\"" + ref + "\",\"" + topic + "\",\"broadcast\"," + payload + "]";
    }

    public static String delivered(String topic, String payload) {
        return "[null,null,\"" + topic + "\",\"broadcast\"," + payload + "]";
    }

    public static String ok(String joinRef, String ref, String topic) {
        return "[\"" + joinRef + "\",\"" + ref + "\",\"" + topic
                + "\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]";
    }

    /// Sends a heartbeat and returns what came before its reply. So silence can be asserted without waiting.
    public static java.util.List<String> before(WireClient client, String probe)
            throws IOException, InterruptedException {
        client.text("[null,\"" + probe + "\",\"phoenix\",\"heartbeat\",{}]");
        java.util.List<String> texts = new java.util.ArrayList<>();
        String answer = "[null,\"" + probe + "\",\"phoenix\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}]";
        for (String text = client.nextText(); !text.equals(answer); text = client.nextText()) {
            texts.add(text);
        }
        return texts;
    }

    public static JsonNode json(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException e) {
            throw new AssertionError("not JSON: " + text, e);
        }
    }

    @Override
    public void close() {
        streams.endAll();
        rest.close();
        streams.close();
        sockets.close();
        front.close();
        supervisor.close();
    }
}
