package dev.walcast.server.access;

import static dev.walcast.server.channel.PendingJoinTest.waitFor;
import static dev.walcast.server.testing.TestingServer.join;
import static dev.walcast.server.testing.TestingServer.joined;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// REST callers ask about private topics in the queue of the sockets, within their share.
class CallerQuestionsTest {
    private static final String PRIVATE = "{\"config\":{\"private\":true}}";

    private final CountDownLatch answer = new CountDownLatch(1);
    private final HttpClient http = HttpClient.newHttpClient();
    private final TestingServer server =
            new TestingServer(TestingServer.limits().topicChecksMax(8));
    private final List<CompletableFuture<HttpResponse<String>>> slow = new ArrayList<>();

    @AfterEach
    void stop() {
        answer.countDown();
        slow.forEach(CompletableFuture::join);
        http.close();
        server.close();
    }

    private void hangOnSlow() {
        server.topics.read(_ -> TestingTopics.ALL).write(question -> {
            if (question.topic().startsWith("slow")) {
                waitFor(answer);
            }
            return TestingTopics.ALL;
        });
    }

    private CompletableFuture<HttpResponse<String>> post(String user, String topic) {
        String token = TestingTokens.signed("{\"role\":\"authenticated\",\"sub\":\"" + user + "\",\"exp\":2100000000}");
        return http.sendAsync(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/api/broadcast/" + topic
                                + "/events/e?private=true"))
                        .header("Authorization", "Bearer " + token)
                        .POST(BodyPublishers.ofString("{}"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void callersLeavePermitsToJoins() throws Exception {
        hangOnSlow();
        for (int i = 0; i < 40; i++) {
            slow.add(post("user" + i, "slow" + i));
        }
        await().until(() -> server.topics.asking() == 4);
        try (WireClient client = server.open()) {
            for (int i = 0; i < 20; i++) {
                client.text(join("1", "realtime:t" + i, PRIVATE));
                assertThat(client.nextText()).isEqualTo(joined("1", "realtime:t" + i));
            }
        }
        assertThat(server.topics.asking()).as("half of all").isEqualTo(4);
        answer.countDown();
        for (CompletableFuture<HttpResponse<String>> one : slow) {
            assertThat(one.join().statusCode()).isEqualTo(202);
        }
        assertThat(server.topics.askingMost()).isLessThanOrEqualTo(8);
    }

    @Test
    void slowCallerLeavesPermitsToOthers() {
        hangOnSlow();
        for (int i = 0; i < 8; i++) {
            slow.add(post("one", "slow" + i));
        }
        await().until(() -> server.topics.asking() == 2);
        assertThat(post("another", "quick").join().statusCode()).isEqualTo(202);
        assertThat(server.topics.asking()).isEqualTo(2);
    }

    @Test
    void questionThatWaitsTooLongIsRefused() throws Exception {
        TopicQuestions questions = new TopicQuestions(server.topics.allowAll(), server.topics, 8, System::nanoTime);
        Semaphore none = new Semaphore(0);
        TopicQuestion question = new TopicQuestion(new Viewer("anon", "{}"), "t", "{}");
        assertThatThrownBy(() -> questions.write(none, System.nanoTime(), question))
                .isInstanceOfSatisfying(
                        TopicCheckException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CALLER_BUSY));
        TopicQuestions closed = new TopicQuestions(server.topics.allowAll(), server.topics, 0, System::nanoTime);
        assertThatThrownBy(() -> closed.write(new Semaphore(1), System.nanoTime(), question))
                .isInstanceOfSatisfying(
                        TopicCheckException.class, e -> assertThat(e.reason()).isEqualTo(Reason.POOL_EXHAUSTED));
        assertThat(questions.write(new Semaphore(1), System.nanoTime(), question))
                .isEqualTo(TestingTopics.ALL);
    }
}
