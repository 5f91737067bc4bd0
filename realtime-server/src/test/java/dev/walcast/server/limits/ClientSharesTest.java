package dev.walcast.server.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.channel.PendingJoinTest;
import dev.walcast.server.socket.WireClient;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// One client never takes everything that clients share, from any number of sockets.
class ClientSharesTest {
    private static final String TOPIC = "realtime:shared";

    private final List<WireClient> clients = new ArrayList<>();

    @AfterEach
    void hangUp() throws IOException {
        for (WireClient client : clients) {
            client.close();
        }
    }

    @Test
    void anonymousClientsShareTheirAddress() throws Exception {
        try (TestingServer server =
                new TestingServer(TestingServer.limits().usersMax(4).clientShare(50))) {
            assertThat(joined(server, "")).isTrue();
            assertThat(joined(server, "")).isTrue();
            WireClient third = server.open();
            clients.add(third);
            assertThat(third.status()).isEqualTo(429);
            assertThat(third.body()).contains("CLIENT_SHARE").contains("\"limit\":2");
            clients.removeFirst().close();
            await().until(() -> server.sockets.users() == 1);
            assertThat(joined(server, "")).isTrue();
        }
    }

    @Test
    void usersOfOneAddressHaveOwnShares() throws Exception {
        try (TestingServer server =
                new TestingServer(TestingServer.limits().usersMax(4).clientShare(50))) {
            String one = user("one");
            assertThat(joined(server, one)).isTrue();
            assertThat(joined(server, one)).isTrue();
            assertThat(joined(server, one)).isFalse();
            assertThat(joined(server, user("two"))).isTrue();
            assertThat(joined(server, "")).isTrue();
            assertThat(server.sockets.users()).isEqualTo(4);
        }
    }

    @Test
    void joinsOfClientLeaveSomeToOthers() throws Exception {
        try (TestingServer server =
                new TestingServer(TestingServer.limits().joins(10, 10).clientShare(50))) {
            WireClient greedy = server.open();
            clients.add(greedy);
            for (int i = 0; i < 5; i++) {
                greedy.text(TestingServer.join("1", TOPIC + i));
                assertThat(greedy.nextText()).contains("\"ok\"");
            }
            greedy.text(TestingServer.join("1", TOPIC));
            assertThat(greedy.nextText()).contains("ClientShareReached").contains("CLIENT_SHARE");
        }
    }

    @Test
    void timedOutCheckNamesTheBound() throws Exception {
        try (TestingServer server =
                new TestingServer(TestingServer.limits().topicChecksMax(8).clientShare(50))) {
            CountDownLatch answer = new CountDownLatch(1);
            server.topics.write(_ -> TestingTopics.ALL).read(question -> {
                if (question.topic().startsWith("slow")) {
                    PendingJoinTest.waitFor(answer);
                }
                return TestingTopics.ALL;
            });
            String privately = "{\"config\":{\"private\":true}}";
            WireClient first = server.open();
            clients.add(first);
            WireClient second = server.open();
            clients.add(second);
            WireClient third = server.open();
            clients.add(third);
            for (WireClient client : List.of(first, second)) {
                client.text(TestingServer.join("1", "realtime:slow1", privately));
                client.text(TestingServer.join("1", "realtime:slow2", privately));
            }
            await().until(() -> server.topics.asking() == 4);
            first.text(TestingServer.join("1", "realtime:slow3", privately));
            third.text(TestingServer.join("1", "realtime:slow4", privately));
            assertThat(first.nextText()).contains("ClientShareReached").contains("of this socket");
            assertThat(third.nextText()).contains("ClientShareReached").contains("of one user or address");
            answer.countDown();
        }
    }

    @Test
    void sharesOfGoneClientsAreForgotten() {
        ClientShares shares = new ClientShares(TestingServer.limits().build().clients(), () -> 0);
        ClientShares.Share held = shares.hold(ClientKey.ofAddress("10.0.0.1"));
        assertThat(held.join()).isEmpty();
        for (int i = 0; i < 20_000; i++) {
            shares.hold(ClientKey.ofAddress("client " + i)).close();
        }
        assertThat(shares.size()).isEqualTo(10_001);
        assertThat(shares.hold(ClientKey.ofAddress("10.0.0.1"))).isSameAs(held);
    }

    @Test
    void clientIsUserOrNetwork() {
        Viewer anonymous = new Viewer("anon", "{}");
        Viewer user = new Viewer("authenticated", "{\"sub\":\"u\"}");
        assertThat(ClientKey.of(user, "10.0.0.1")).isEqualTo(ClientKey.of(user, "10.0.0.2"));
        assertThat(ClientKey.of(anonymous, "10.0.0.1")).isNotEqualTo(ClientKey.of(anonymous, "10.0.0.2"));
        assertThat(ClientKey.of(anonymous, "::ffff:10.0.0.1")).isEqualTo(ClientKey.of(anonymous, "10.0.0.1"));
        assertThat(ClientKey.of(anonymous, "2001:db8::1")).isEqualTo(ClientKey.of(anonymous, "2001:db8:0:0:ffff::2"));
        assertThat(ClientKey.of(anonymous, "2001:db8::1")).isNotEqualTo(ClientKey.of(anonymous, "2001:db8:0:1::1"));
        assertThat(ClientKey.of(anonymous, "not an address")).isEqualTo(ClientKey.of(anonymous, "not an address"));
        assertThat(ClientKey.of(user, "").toString()).doesNotContain("u\"");
    }

    private static String user(String subject) {
        return TestingTokens.signed("{\"role\":\"authenticated\",\"exp\":2100000000,\"sub\":\"" + subject + "\"}");
    }

    /// Whether a socket with the public key can join with this token, or with none.
    private boolean joined(TestingServer server, String token) throws Exception {
        WireClient client = server.open();
        clients.add(client);
        String with = token.isEmpty() ? "" : ",\"access_token\":\"" + token + "\"";
        client.text(TestingServer.join("1", TOPIC, "{\"config\":{}" + with + "}"));
        return client.nextText().contains("\"ok\"");
    }
}
