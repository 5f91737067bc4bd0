package dev.walcast.server.rights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.rights.Subscription.Wish;
import dev.walcast.server.testing.EventReader;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/// Joins and leaves at random, with channels or event streams: live, from a position, or with a snapshot.
final class RandomClient {
    private static final Duration READ_PATIENCE = Duration.ofMinutes(10);
    private static final Duration REFUSED_PAUSE = Duration.ofMillis(20);

    private final String name;
    private final TestServer server;
    private final Manner manner;
    private final Random random;
    private final Stage stage;
    private Optional<Subscription> before = Optional.empty();

    /// STAYING joins once, as long as nothing happens to its channel.
    enum Manner {
        STAYING,
        HOPPING,
        STREAMING
    }

    RandomClient(String name, TestServer server, Manner manner, Random random, Stage stage) {
        this.name = name + " " + manner;
        this.server = server;
        this.manner = manner;
        this.random = random;
        this.stage = stage;
    }

    /// Returns when the run is over.
    void run() throws Exception {
        boolean first = true;
        while (!stage.isOver()) {
            boolean again = !first && random.nextInt(3) > 0;
            TestViewer viewer =
                    again && random.nextInt(3) > 0 ? before.orElseThrow().viewer() : viewer();
            List<Wish> wishes = again ? resumed(before.orElseThrow()) : wishes();
            Subscription subscription = new Subscription(name, viewer, wishes);
            stage.add(subscription);
            before = Optional.of(subscription);
            first = false;
            if (manner == Manner.STREAMING) {
                stream(subscription);
            } else {
                join(subscription);
            }
        }
    }

    /// In the end one that may see something.
    private TestViewer viewer() {
        int count = stage.isCalm() ? TestViewer.ALL.size() - 1 : TestViewer.ALL.size();
        return TestViewer.ALL.get(random.nextInt(count));
    }

    private List<Wish> wishes() {
        List<Wish> wishes = new ArrayList<>();
        for (int i = manner == Manner.STREAMING ? 1 : 1 + random.nextInt(3); i > 0; i--) {
            String table = RightsDatabase.TABLES.get(random.nextInt(RightsDatabase.TABLES.size()));
            Optional<Integer> room =
                    random.nextInt(3) == 0 ? Optional.of(1 + random.nextInt(RightsDatabase.ROOMS)) : Optional.empty();
            boolean snapshot = random.nextInt(3) == 0;
            if (wishes.stream()
                    .noneMatch(wish -> wish.table().equals(table) && wish.room().equals(room))) {
                wishes.add(new Wish(table, room, snapshot, Optional.empty()));
            }
        }
        return wishes;
    }

    private static List<Wish> resumed(Subscription before) {
        Map<Integer, String> positions = before.lastPositions();
        List<Wish> wishes = new ArrayList<>();
        for (Wish wish : before.wishes()) {
            Optional<String> position = Optional.ofNullable(positions.get(wishes.size()));
            wishes.add(new Wish(wish.table(), wish.room(), position.isEmpty() && wish.snapshot(), position));
        }
        return wishes;
    }

    /// A channel that received an error leaves soon.
    private void stay(Subscription subscription, Pusher pusher) throws Exception {
        int millis = manner == Manner.STAYING ? 60_000 : 200 + random.nextInt(3_000);
        for (int waited = 0; waited < millis && !subscription.isTroubled(); waited += 100) {
            if (stage.pause(Duration.ofMillis(100))) {
                stayToTheEnd(subscription);
                return;
            }
            if (random.nextInt(15) == 0) {
                pusher.maybePush();
            }
        }
        stage.pause(Duration.ofMillis(random.nextInt(500)));
    }

    private void stayToTheEnd(Subscription subscription) throws InterruptedException {
        while (!subscription.isTroubled()) {
            if (stage.awaitEnd(Duration.ofMillis(50))) {
                return;
            }
        }
        stage.awaitEnd(Duration.ofMillis(200));
    }

    private interface Pusher {
        void maybePush() throws IOException;
    }

    private void finish(Subscription subscription) {
        if (stage.isOver()) {
            subscription.end();
        } else {
            subscription.leave();
        }
    }

    // -- a channel

    private void join(Subscription subscription) throws Exception {
        String path = "/realtime/v1/websocket?vsn=2.0.0&apikey=" + TestServer.token("anon");
        try (RawSocket socket = RawSocket.open(server.port(), path, Map.of())) {
            if (socket.status() != 101) {
                stage.awaitEnd(REFUSED_PAUSE);
                subscription.leave();
                return;
            }
            socket.patience(READ_PATIENCE);
            Thread reader = Thread.ofVirtual().start(() -> read(socket, subscription));
            socket.send(joinMessage(subscription));
            stay(subscription, () -> pushToken(socket, subscription));
            finish(subscription);
            if (random.nextBoolean()) {
                socket.send("[\"1\",\"9\",\"realtime:r\",\"phx_leave\",{}]");
            }
            socket.close();
            reader.join();
        } catch (IOException e) {
            subscription.trouble(Set.of(), "connection: " + e);
        }
    }

    private static String joinMessage(Subscription subscription) {
        List<String> bindings = new ArrayList<>();
        for (Wish wish : subscription.wishes()) {
            int dot = wish.table().indexOf('.');
            bindings.add("{\"event\":\"*\",\"schema\":\"" + wish.table().substring(0, dot) + "\",\"table\":\""
                    + wish.table().substring(dot + 1) + "\""
                    + wish.room()
                            .map(room -> ",\"filter\":\"room=eq." + room + "\"")
                            .orElse("")
                    + (wish.snapshot() ? ",\"snapshot\":true" : "")
                    + wish.resume()
                            .map(position -> ",\"resume\":\"" + position + "\"")
                            .orElse("") + "}");
        }
        return "[\"1\",\"1\",\"realtime:r\",\"phx_join\",{\"config\":{\"postgres_changes\":["
                + String.join(",", bindings) + "]},\"access_token\":\""
                + subscription.viewer().token() + "\"}]";
    }

    /// Usually one after the other, sometimes several at once.
    private void pushToken(RawSocket socket, Subscription subscription) throws IOException {
        if (subscription.isConfirmed() || random.nextInt(10) == 0) {
            int times = random.nextInt(5) == 0 ? 3 : 1;
            for (int i = 0; i < times; i++) {
                TestViewer next = TestViewer.ALL.get(random.nextInt(TestViewer.ALL.size()));
                if (!next.equals(subscription.newestViewer())) {
                    int number = subscription.pushToken(next);
                    socket.send("[\"1\",\"t" + number + "\",\"realtime:r\",\"access_token\",{\"access_token\":\""
                            + next.token() + "\"}]");
                    socket.send("[null,\"f" + number + "\",\"phoenix\",\"heartbeat\",{}]");
                }
            }
        }
    }

    private static void read(RawSocket socket, Subscription subscription) {
        try {
            while (true) {
                switch (socket.receive()) {
                    case RawSocket.Received.Text text -> accept(text.json(), subscription);
                    case RawSocket.Received.Binary _ -> throw new IllegalStateException("a binary message");
                    case RawSocket.Received.Closed closed -> {
                        subscription.trouble(Set.of(), closed.toString());
                        return;
                    }
                }
            }
        } catch (IOException e) {
            subscription.trouble(Set.of(), "reading: " + e);
        }
    }

    private static void accept(JsonNode message, Subscription subscription) {
        String event = message.get(3).asText();
        JsonNode payload = message.get(4);
        switch (event) {
            case "phx_reply" -> replied(message.get(1).asText(), payload, subscription);
            case "system" -> subscription.system(payload);
            case "postgres_changes" -> subscription.changed(ids(payload), payload.get("data"));
            case "phx_close", "phx_error" -> subscription.trouble(Set.of(), message.toString());
            default -> {}
        }
    }

    private static Set<Integer> ids(JsonNode payload) {
        Set<Integer> ids = new java.util.TreeSet<>();
        payload.get("ids").forEach(id -> ids.add((int) id.asLong()));
        return ids;
    }

    private static void replied(String ref, JsonNode payload, Subscription subscription) {
        if (ref.startsWith("f")) {
            subscription.fence(Integer.parseInt(ref.substring(1)));
        } else if (ref.equals("1") && payload.path("status").asText().equals("ok")) {
            Map<Integer, Long> ids = new TreeMap<>();
            payload.at("/response/postgres_changes")
                    .forEach(one -> ids.put(ids.size(), one.get("id").asLong()));
            ids.forEach((place, id) -> subscription.number(id, place));
        } else if (!payload.path("status").asText().equals("ok")) {
            subscription.trouble(Set.of(), "reply: " + payload);
        }
    }

    // -- an event stream

    private void stream(Subscription subscription) throws Exception {
        Wish wish = subscription.wishes().getFirst();
        int dot = wish.table().indexOf('.');
        String url =
                server.url() + "/realtime/v1/changes?schema=" + wish.table().substring(0, dot) + "&table="
                        + wish.table().substring(dot + 1)
                        + wish.room()
                                .map(room -> "&filter=" + URLEncoder.encode("room=eq." + room, StandardCharsets.UTF_8))
                                .orElse("")
                        + (wish.snapshot() ? "&snapshot=true" : "");
        List<String> headers = new ArrayList<>(
                List.of("Authorization", "Bearer " + subscription.viewer().token()));
        wish.resume().ifPresent(position -> headers.addAll(List.of("Last-Event-ID", position)));
        try (EventReader reader = EventReader.open(url, headers.toArray(String[]::new))) {
            if (reader.status() != 200) {
                subscription.trouble(Set.of(), "status " + reader.status());
                stage.awaitEnd(Duration.ofMillis(100 + random.nextInt(300)));
                subscription.leave();
                return;
            }
            Thread thread = Thread.ofVirtual().start(() -> read(reader, subscription));
            stay(subscription, () -> {});
            finish(subscription);
            reader.close();
            thread.join();
        } catch (IOException e) {
            subscription.trouble(Set.of(), "stream: " + e);
        }
    }

    private static void read(EventReader reader, Subscription subscription) {
        try {
            while (true) {
                EventReader.Event event = reader.next();
                switch (event.name()) {
                    case "message" -> subscription.changed(Set.of(0), event.json());
                    case "system" -> subscription.system(event.json());
                    case "snapshot" -> subscription.rows(0, event.json());
                    default -> {
                        subscription.trouble(Set.of(), event.toString());
                        return;
                    }
                }
            }
        } catch (IOException | InterruptedException e) {
            subscription.trouble(Set.of(), "stream: " + e);
        }
    }
}
