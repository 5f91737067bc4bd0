package dev.walcast.server.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.rights.Listener.Row;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The last token of a channel decides, however soon it follows the join or another token. In each round the server
/// of each reader gets one socket with many channels.
class TokenOrderTest {
    private static final int CHANNELS = 90;
    private static final int ROUNDS = 4;

    private static TwoServers servers;
    private static final AtomicInteger ids = new AtomicInteger();

    @BeforeAll
    static void start() throws Exception {
        servers = TwoServers.start(
                "create table notes (id int primary key, owner text); grant select on notes to anon, authenticated;"
                        + " alter table notes enable row level security;"
                        + " create policy own on notes using (owner = auth.uid())");
    }

    @AfterAll
    static void stop() throws Exception {
        servers.close();
    }

    /// @param before whose token the channel joins with, and whose token it gets next
    @ParameterizedTest
    @ValueSource(strings = {"anon", "alice", "anon,alice"})
    void lastTokenOfChannelDecides(String before) throws Exception {
        int behind = 0;
        int former = 0;
        for (int round = 0; round < ROUNDS; round++) {
            List<Listener> listeners = servers.connect();
            for (Listener listener : listeners) {
                joinAndPush(listener, List.of(before.split(",")));
            }
            for (Listener listener : listeners) {
                behind += CHANNELS - reached(listener).size();
                former += deliverFormer(listener);
                listener.close();
            }
        }
        int all = CHANNELS * ROUNDS * servers.servers().size();
        System.out.println("TokenOrderTest: " + before + ": " + behind + " of " + all + " channels stay behind, "
                + former + " deliver the former user's rows");
        assertThat(List.of(behind, former))
                .as("channels that keep the old token, or deliver the former user's rows")
                .containsOnly(0);
    }

    /// Without waiting; the heartbeat is answered when the server has read everything.
    private static void joinAndPush(Listener listener, List<String> users) throws IOException {
        for (int i = 0; i < CHANNELS; i++) {
            String topic = "realtime:" + i;
            listener.join(topic, token(users.getFirst()), "notes");
            for (String user : users.subList(1, users.size())) {
                listener.pushToken(topic, token(user));
            }
            listener.pushToken(topic, token("bob"));
        }
        listener.heartbeat();
    }

    private static int deliverFormer(Listener listener) {
        return (int) listener.rows().stream()
                .filter(row -> row.afterHeartbeats() > 0 && row.has("owner", "alice"))
                .map(Row::topic)
                .distinct()
                .count();
    }

    private static String token(String user) {
        return user.equals("anon") ? Listener.token("anon", "") : Listener.token("authenticated", user);
    }

    /// The channels that deliver Bob's rows in the end.
    private static Set<String> reached(Listener listener) {
        Set<String> topics = new HashSet<>();
        try {
            await().atMost(Duration.ofSeconds(5))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        servers.execute("insert into notes values (" + ids.incrementAndGet() + ", 'alice'), ("
                                + ids.incrementAndGet() + ", 'bob')");
                        List<Row> rows = new ArrayList<>(listener.rows());
                        rows.stream()
                                .filter(row -> row.has("owner", "bob"))
                                .map(Row::topic)
                                .forEach(topics::add);
                        return topics.size() == CHANNELS;
                    });
        } catch (ConditionTimeoutException _) {
            // Some stay behind, and are counted.
        }
        return topics;
    }
}
