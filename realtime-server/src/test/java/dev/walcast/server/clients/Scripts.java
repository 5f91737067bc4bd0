package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/// The actions of a scenario's members, and what they must receive.
final class Scripts {
    private static final String GENERAL = """
            [{"event":"*","schema":"public","table":"rows","filter":"room=eq.general"}]""";
    private static final String OWN = "[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"own\"}]";

    private Scripts() {}

    static void changes(Stage stage) throws Exception {
        NodeScript client = stage.client(Stage.anon());
        join(client, "changes", ",\"bindings\":" + GENERAL);
        client.awaitLive();
        stage.sql(
                "insert into rows values (1, 'other'), (2, 'general')",
                "update rows set id = id + 10",
                "delete from rows");
        JsonNode insert = change(client, "INSERT");
        assertThat(insert.at("/new/id").asInt()).isEqualTo(2);
        assertThat(insert.at("/new/room").asText()).isEqualTo("general");
        JsonNode update = change(client, "UPDATE");
        assertThat(update.at("/new/id").asInt()).isEqualTo(12);
        assertThat(update.at("/old/id").asInt()).isEqualTo(2);
        assertThat(change(client, "DELETE").at("/old/id").asInt()).isEqualTo(12);
    }

    static void broadcast(Stage stage) throws Exception {
        NodeScript alice = stage.client(Stage.anon());
        NodeScript bob = stage.client(Stage.anon());
        joinTogether("broadcast", "", alice, bob);
        send(alice, "from alice");
        assertThat(heard(bob)).isEqualTo("from alice");
        send(bob, "from bob, 🙂");
        assertThat(heard(alice)).isEqualTo("from bob, 🙂");
    }

    static void rest(Stage stage) throws Exception {
        NodeScript alice = stage.client(Stage.anon());
        NodeScript bob = stage.client(Stage.anon());
        joinTogether("a room/for all", "", bob);
        alice.command("""
                {"cmd":"post","topic":"a room/for all","event":"greeting","payload":{"text":"over HTTP"}}""");
        assertThat(alice.await("posted", _ -> true).get("ok").asBoolean())
                .as(alice.transcript().toString())
                .isTrue();
        assertThat(heard(bob)).isEqualTo("over HTTP");
    }

    static void presence(Stage stage) throws Exception {
        NodeScript alice = stage.client(Stage.anon());
        join(alice, "presence", ",\"presence\":\"a\"");
        alice.await("joined", _ -> true);
        track(alice, "Alice");
        awaitPresent(alice, "Alice");
        NodeScript bob = stage.client(Stage.anon());
        join(bob, "presence", ",\"presence\":\"b\"");
        bob.await("joined", _ -> true);
        track(bob, "Bob");
        awaitPresent(alice, "Alice", "Bob");
        awaitPresent(bob, "Alice", "Bob");
        alice.close();
        awaitPresent(bob, "Bob");
    }

    static void privateChannels(Stage stage) throws Exception {
        stage.sql(
                "create policy hear on realtime.messages for select to authenticated using (realtime.topic() = 'members')",
                "create policy say on realtime.messages for insert to authenticated"
                        + " with check (realtime.topic() = 'members')");
        try {
            NodeScript alice = stage.client(Stage.user(Stage.ALICE));
            NodeScript bob = stage.client(Stage.user(Stage.BOB));
            joinTogether("members", ",\"isPrivate\":true", alice, bob);
            send(alice, "among us");
            assertThat(heard(bob)).isEqualTo("among us");
            NodeScript stranger = stage.client(Stage.anon());
            join(stranger, "members", ",\"isPrivate\":true");
            assertThat(stranger.await("refused", _ -> true).get("reason").asText())
                    .contains("You do not have permissions to read from this Channel topic: members");
        } finally {
            stage.sql("drop policy hear on realtime.messages", "drop policy say on realtime.messages");
        }
    }

    static void token(Stage stage) throws Exception {
        NodeScript client = stage.client(Stage.user(Stage.BOB));
        join(client, "token", ",\"bindings\":" + OWN);
        client.awaitLive();
        stage.sql("insert into own values (1, '" + Stage.ALICE + "'), (2, '" + Stage.BOB + "')");
        assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(2);
        client.command("{\"cmd\":\"token\",\"token\":\"" + Stage.user(Stage.ALICE) + "\"}");
        client.awaitLive();
        stage.sql("insert into own values (3, '" + Stage.BOB + "'), (4, '" + Stage.ALICE + "')");
        assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(4);
    }

    static void restart(Stage stage) throws Exception {
        String slot = "r" + UUID.randomUUID().toString().replace("-", "");
        int port;
        NodeScript client;
        try (TestServer before = TestServer.start(TestServer.settings(stage.postgres(), slot))) {
            port = before.port();
            client = stage.client(before.url(), Stage.anon());
            join(client, "restart", ",\"bindings\":" + GENERAL);
            client.awaitLive();
        }
        try (TestServer _ = TestServer.start(TestServer.onPort(TestServer.settings(stage.postgres(), slot), port))) {
            client.awaitLive();
            stage.sql("insert into rows values (7, 'general')");
            assertThat(change(client, "INSERT").at("/new/id").asInt()).isEqualTo(7);
        }
    }

    private static void joinTogether(String topic, String more, NodeScript... clients) throws Exception {
        for (NodeScript client : clients) {
            join(client, topic, more);
        }
        for (NodeScript client : clients) {
            client.await("joined", _ -> true);
        }
    }

    private static void join(NodeScript client, String topic, String more) throws Exception {
        client.command("{\"cmd\":\"join\",\"topic\":\"" + topic + "\"" + more + "}");
    }

    private static void send(NodeScript client, String text) throws Exception {
        client.command("{\"cmd\":\"send\",\"event\":\"greeting\",\"payload\":{\"text\":\"" + text + "\"}}");
        assertThat(client.await("sent", _ -> true).get("ok").asBoolean()).isTrue();
    }

    private static String heard(NodeScript client) throws Exception {
        JsonNode message = client.await("broadcast", _ -> true);
        assertThat(message.get("name").asText()).isEqualTo("greeting");
        return message.at("/payload/text").asText();
    }

    /// Does not wait for the acknowledgement: members often receive the presence before it.
    private static void track(NodeScript client, String name) throws Exception {
        client.command("{\"cmd\":\"track\",\"state\":{\"name\":\"" + name + "\"}}");
    }

    private static void awaitPresent(NodeScript client, String... names) throws Exception {
        client.await("presence", message -> {
            Set<String> there = new HashSet<>();
            message.get("names").forEach(name -> there.add(name.asText()));
            return there.equals(Set.of(names));
        });
    }

    private static JsonNode change(NodeScript client, String type) throws Exception {
        JsonNode change = client.await("change", _ -> true);
        assertThat(change.get("type").asText()).isEqualTo(type);
        return change;
    }
}
