package dev.walcast.server.channel;

import static dev.walcast.server.testing.TestingServer.before;
import static dev.walcast.server.testing.TestingServer.broadcast;
import static dev.walcast.server.testing.TestingServer.delivered;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static dev.walcast.server.testing.TestingServer.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.tasks.Lane;
import dev.walcast.server.testing.TestingLimits;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Private channels while the database is being asked: what waits, what continues, and what remains after a leave.
public class PendingJoinTest {
    private static final String TOPIC = "realtime:room";
    private static final String PRIVATE = """
            {"config":{"private":true,"broadcast":{"self":true,"ack":true}}}""";
    private static final String HELLO = "{\"event\":\"e\",\"payload\":{}}";

    private final CountDownLatch answer = new CountDownLatch(1);
    private TestingServer server;
    private WireClient client;

    @BeforeEach
    void start() throws Exception {
        start(TestingServer.limits());
    }

    @AfterEach
    void stop() throws Exception {
        answer.countDown();
        client.close();
        server.close();
    }

    private void start(TestingLimits limits) throws Exception {
        if (server != null) {
            client.close();
            server.close();
        }
        server = new TestingServer(limits);
        client = server.open();
    }

    /// Questions about the topic `slow` are answered when the test allows it.
    private void hangOnSlow() {
        server.topics
                .read(question -> {
                    if (question.topic().startsWith("slow")) {
                        waitFor(answer);
                    }
                    return TestingTopics.ALL;
                })
                .write(_ -> TestingTopics.ALL);
    }

    public static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void hangingQuestionDelaysOnlyItsChannel() throws Exception {
        hangOnSlow();
        client.text(join("1", "realtime:slow", PRIVATE));
        client.text(broadcast("2", "realtime:slow", HELLO));
        client.text(join("3", "realtime:quick", PRIVATE));
        assertThat(client.nextText()).isEqualTo(joined("3", "realtime:quick"));
        client.text(join("4", TOPIC));
        assertThat(client.nextText()).isEqualTo(joined("4", TOPIC));
        assertThat(before(client, "probe")).isEmpty();
        answer.countDown();
        assertThat(client.nextText()).isEqualTo(joined("1", "realtime:slow"));
        assertThat(client.nextText()).isEqualTo(delivered("realtime:slow", HELLO));
        assertThat(client.nextText()).isEqualTo(ok("1", "2", "realtime:slow"));
    }

    @Test
    void pushesToPendingJoinAreOrderedAndBounded() throws Exception {
        hangOnSlow();
        client.text(join("1", "realtime:slow", PRIVATE));
        await().until(() -> server.topics.asking() == 1);
        int sent = Lane.WAITING_MAX + 50;
        for (int i = 0; i < sent; i++) {
            client.text(broadcast("b" + i, "realtime:slow", "{\"n\":" + i + "}"));
        }
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.stats().dropped()).isEqualTo(50);
        answer.countDown();
        assertThat(client.nextText()).isEqualTo(joined("1", "realtime:slow"));
        for (int i = 0; i < Lane.WAITING_MAX; i++) {
            assertThat(client.nextText()).isEqualTo(delivered("realtime:slow", "{\"n\":" + i + "}"));
            assertThat(client.nextText()).isEqualTo(ok("1", "b" + i, "realtime:slow"));
        }
        assertThat(before(client, "probe2")).isEmpty();
    }

    @Test
    void leaveOfPendingJoinIsAnsweredAtOnce() throws Exception {
        hangOnSlow();
        client.text(join("1", "realtime:slow", PRIVATE));
        client.text("[\"1\",\"2\",\"realtime:slow\",\"phx_leave\",{}]");
        assertThat(client.nextText()).isEqualTo(ok("1", "2", "realtime:slow"));
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:slow\",\"phx_close\",{}]");
        assertNothingIsLeft();
    }

    @Test
    void pushesToRefusedJoinAreDropped() throws Exception {
        hangOnSlow();
        try (WireClient other = server.open()) {
            client.text(join("1", "realtime:slow", PRIVATE));
            client.text(broadcast("2", "realtime:slow", HELLO));
            client.text("[\"1\",\"3\",\"realtime:slow\",\"phx_leave\",{}]");
            client.nextText();
            client.nextText();
            server.topics.read(
                    question -> question.viewer().role().equals("anon") ? TopicAccess.NONE : TestingTopics.ALL);
            client.text(join("4", "realtime:slow", PRIVATE));
            client.text(broadcast("5", "realtime:slow", HELLO));
            String answered = client.nextText();
            // the refusal may be decided before the push is read, whose channel is gone then
            if (answered.contains("unmatched topic")) {
                answered = client.nextText();
            }
            assertThat(answered).contains("\"4\"").contains("Unauthorized");
            String member = TestingTokens.signed("{\"role\":\"member\",\"exp\":2100000000}");
            other.text(
                    join("1", "realtime:slow", "{\"config\":{\"private\":true},\"access_token\":\"" + member + "\"}"));
            other.nextText();
            answer.countDown();
            await().until(() -> server.topics.asking() == 0);
            assertThat(before(other, "probe")).isEmpty();
            assertThat(before(client, "probe")).isEmpty();
        }
    }

    @Test
    void replacedPendingJoinIsNeverAnswered() throws Exception {
        hangOnSlow();
        client.text(join("1", "realtime:slow", PRIVATE));
        client.text(join("2", "realtime:slow"));
        assertThat(client.nextText()).isEqualTo(joined("2", "realtime:slow"));
        assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:slow\",\"phx_close\",{}]");
        answer.countDown();
        await().until(() -> server.topics.asking() == 0);
        assertThat(before(client, "probe")).isEmpty();
        assertThat(server.sockets.openRooms()).isEqualTo(1);
        client.text("[\"2\",\"3\",\"realtime:slow\",\"phx_leave\",{}]");
        client.nextText();
        client.nextText();
        assertNothingIsLeft();
    }

    @Test
    void pendingJoinsEndWithTheirSocket() throws Exception {
        hangOnSlow();
        for (int i = 0; i < 50; i++) {
            client.text(join("1", "realtime:slow" + i, PRIVATE));
        }
        before(client, "probe");
        client.reset();
        await().until(() -> server.sockets.stats().connected() == 0);
        assertNothingIsLeft();
    }

    private void assertNothingIsLeft() {
        answer.countDown();
        await().until(() -> server.topics.asking() == 0);
        await().until(() -> server.sockets.openRooms() == 0);
        assertThat(server.sockets.channels()).isZero();
        assertThat(server.sockets.waitingTimers()).isZero();
    }

    @Test
    void pushBeforeLeaveIsDelivered() throws Exception {
        CountDownLatch mayWrite = new CountDownLatch(1);
        server.topics.allowAll().write(_ -> {
            waitFor(mayWrite);
            return TestingTopics.ALL;
        });
        try (WireClient other = server.open()) {
            other.text(join("1", TOPIC, PRIVATE));
            other.nextText();
            client.text(join("1", TOPIC, PRIVATE));
            client.nextText();
            client.text(broadcast("2", TOPIC, HELLO));
            client.text("[\"1\",\"3\",\"" + TOPIC + "\",\"phx_leave\",{}]");
            assertThat(client.nextText()).isEqualTo(ok("1", "3", TOPIC));
            assertThat(client.nextText()).isEqualTo("[\"1\",\"1\",\"realtime:room\",\"phx_close\",{}]");
            mayWrite.countDown();
            assertThat(other.nextText()).isEqualTo(delivered(TOPIC, HELLO));
            assertThat(before(client, "probe")).isEmpty();
        }
    }

    @Test
    void questionsOfJoinFloodAreBounded() throws Exception {
        start(TestingServer.limits().topicChecksMax(4).channelsMax(1_000));
        server.topics.allowAll();
        try (WireClient other = server.open()) {
            for (int i = 0; i < 1_000; i++) {
                client.text(join("j", "realtime:a" + i, PRIVATE));
                other.text(join("j", "realtime:b" + i, PRIVATE));
            }
            for (int i = 0; i < 1_000; i++) {
                assertThat(client.nextText()).contains("\"status\":\"ok\"");
                assertThat(other.nextText()).contains("\"status\":\"ok\"");
            }
        }
        assertThat(server.topics.askingMost()).isLessThanOrEqualTo(4);
        assertThat(server.topics.asked()).isEqualTo(2_000);
    }

    @Test
    void slowClientLeavesPermitsToOthers() throws Exception {
        start(TestingServer.limits().topicChecksMax(4));
        hangOnSlow();
        for (int i = 0; i < 20; i++) {
            client.text(join("j" + i, "realtime:slow" + i, PRIVATE));
        }
        await().until(() -> server.topics.asking() == 2);
        try (WireClient other = server.open()) {
            other.text(join("1", TOPIC, PRIVATE));
            assertThat(other.nextText()).isEqualTo(joined("1", TOPIC));
        }
        assertThat(before(client, "probe")).isEmpty();
    }
}
