package dev.walcast.server.rights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// One join of a channel, or one event stream, and everything that its client received. Bindings are numbered from 0.
final class Subscription {
    private final String client;
    private final TestViewer viewer;
    private final List<Wish> wishes;
    private final List<ClientEvent> told = Collections.synchronizedList(new ArrayList<>());
    private final Map<Integer, Integer> placeOfId = Collections.synchronizedMap(new HashMap<>());
    private final AtomicInteger tokens = new AtomicInteger();

    // what the client knows now; guarded by this
    private final Map<Integer, String> lastPositions = new HashMap<>();
    private final Set<Integer> liveBindings = new HashSet<>();
    private final Map<Integer, Integer> newestRow = new HashMap<>();
    private TestViewer newestViewer;
    private boolean left;
    private boolean ended;
    private boolean troubled;
    private int confirmed;

    /// The request of a binding.
    ///
    /// @param room   the filter
    /// @param resume a position
    record Wish(String table, Optional<Integer> room, boolean snapshot, Optional<String> resume) {
        @Override
        public String toString() {
            return table
                    + room.map(value -> " room=" + value).orElse("")
                    + (snapshot ? " snapshot" : "")
                    + resume.map(position -> " resume " + position).orElse("");
        }

        boolean isMetBy(RowImage image) {
            return image.table().equals(table) && (room.isEmpty() || room.get() == image.room());
        }
    }

    Subscription(String client, TestViewer viewer, List<Wish> wishes) {
        this.client = client;
        this.viewer = viewer;
        this.newestViewer = viewer;
        this.wishes = List.copyOf(wishes);
    }

    String client() {
        return client;
    }

    /// Of the join.
    TestViewer viewer() {
        return viewer;
    }

    /// Of the join or the last token.
    synchronized TestViewer newestViewer() {
        return newestViewer;
    }

    List<Wish> wishes() {
        return wishes;
    }

    List<ClientEvent> told() {
        return List.copyOf(told);
    }

    synchronized boolean isTroubled() {
        return troubled;
    }

    synchronized boolean isConfirmed() {
        return confirmed >= tokens.get() + 1;
    }

    synchronized Map<Integer, String> lastPositions() {
        return Map.copyOf(lastPositions);
    }

    synchronized void leave() {
        left = true;
    }

    /// Events of its connection after this call do not count.
    synchronized void end() {
        ended = true;
    }

    /// Whether it is live and did not receive the last rows yet.
    synchronized boolean awaits(int firstMarker) {
        return !left
                && !newestViewer.isOutsider()
                && liveBindings.stream().anyMatch(binding -> newestRow.getOrDefault(binding, 0) < firstMarker);
    }

    synchronized boolean isLiveAtEnd() {
        return ended;
    }

    // -- events

    /// @return the number of the token
    synchronized int pushToken(TestViewer next) {
        int number = tokens.incrementAndGet();
        newestViewer = next;
        liveBindings.clear();
        told.add(new ClientEvent.TokenPushed(System.nanoTime(), next, number));
        return number;
    }

    void fence(int number) {
        told.add(new ClientEvent.Fence(System.nanoTime(), number));
    }

    void number(long id, int place) {
        placeOfId.put((int) id, place);
    }

    synchronized void trouble(Set<Integer> bindings, String text) {
        if (!left && !ended) {
            told.add(new ClientEvent.Trouble(System.nanoTime(), bindings, text));
            troubled = true;
            if (bindings.isEmpty()) {
                liveBindings.clear();
            } else {
                liveBindings.removeAll(bindings);
            }
        }
    }

    synchronized void system(JsonNode message) {
        long at = System.nanoTime();
        String text = message.path("message").asText();
        Map<Integer, String> outcomes = new HashMap<>();
        message.path("resume")
                .forEach(one -> outcomes.put(
                        place(one.path("id").asInt()), one.path("status").asText()));
        outcomes.forEach((binding, outcome) -> {
            if (outcome.equals("reset")) {
                trouble(Set.of(binding), message.path("resume").toString());
            }
        });
        if (message.has("snapshot")) {
            JsonNode snapshot = message.get("snapshot");
            rows(place(snapshot.path("id").asInt()), snapshot);
        } else if (text.equals("Subscribed to PostgreSQL")) {
            told.add(new ClientEvent.Live(at, message.path("position").asText(), outcomes));
            confirmed = tokens.get() + 1;
            for (int i = 0; i < wishes.size(); i++) {
                liveBindings.add(i);
                lastPositions.merge(i, message.path("position").asText(), Subscription::later);
            }
        } else if (message.path("status").asText().equals("error") && !text.contains("could not be evaluated")) {
            trouble(Set.of(), text);
        }
    }

    synchronized void rows(int binding, JsonNode snapshot) {
        told.add(new ClientEvent.Rows(System.nanoTime(), binding, snapshot.path("rows")));
    }

    synchronized void changed(Set<Integer> ids, JsonNode data) {
        Set<Integer> bindings = new HashSet<>();
        for (int id : ids) {
            int binding = place(id);
            bindings.add(binding);
            lastPositions.merge(binding, data.path("position").asText(), Subscription::later);
            newestRow.merge(binding, data.at("/record/img").asInt(), Math::max);
        }
        told.add(new ClientEvent.Changed(System.nanoTime(), bindings, data));
    }

    private static String later(String one, String other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    private int place(int id) {
        return placeOfId.getOrDefault(id, 0);
    }

    @Override
    public String toString() {
        return client + " as " + viewer + " " + wishes;
    }
}
