package dev.walcast.server.acks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.Refusal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The bindings of one channel whose changes its client acknowledges: where they go on, what was sent, and what is
/// acknowledged. Safe for any thread.
public final class Acknowledgements {
    private static final String KEY = "ack";
    private static final String RESUME = "resume";
    private static final String ROWS = "snapshot";
    private static final int NAME_BYTES_MAX = 255;

    /// An acknowledgement is a position and little else; a larger push is not parsed.
    private static final int PUSH_BYTES_MAX = 4 * 1024;

    private static final Pattern POSITION = Pattern.compile("[0-9a-f]{1,32}-[0-9a-f]{16}-[0-9a-f]{8}");

    private final Cursors cursors;
    private final String topic;
    private final String address;
    private final Map<Integer, ObjectNode> requests = new HashMap<>();

    // guarded by this
    private ClientKey client;
    private Map<Integer, CursorKey> keys = Map.of();
    /// The newest position that the client may acknowledge.
    private @Nullable String reached;
    private boolean live;
    /// What was acknowledged before it was live, while rows might still be sent anew.
    private @Nullable String early;

    private Acknowledgements(Cursors cursors, String topic, String address, List<Binding> bindings) {
        this.address = requireNonNull(address, "address is null");
        this.client = ClientKey.ofAddress(address);
        this.cursors = requireNonNull(cursors, "cursors is null");
        this.topic = requireNonNull(topic, "topic is null");
        bindings.forEach(binding -> requests.put(binding.id(), binding.request()));
    }

    /// Empty when no binding asks for it.
    ///
    /// @param address that the connection comes from
    public static Optional<Acknowledgements> of(Cursors cursors, String topic, String address, List<Binding> bindings) {
        List<Binding> asking =
                bindings.stream().filter(binding -> isAsked(binding.request())).toList();
        return asking.isEmpty() ? Optional.empty() : Optional.of(new Acknowledgements(cursors, topic, address, asking));
    }

    private static boolean isAsked(ObjectNode request) {
        JsonNode ack = request.path(KEY);
        return ack.isTextual() || ack.booleanValue();
    }

    /// Why these bindings cannot be acknowledged by this viewer.
    public static Optional<Refusal> problem(List<ObjectNode> requests, Viewer viewer) {
        for (ObjectNode request : requests) {
            JsonNode ack = request.path(KEY);
            if (!ack.isMissingNode() && !ack.isNull() && !ack.isBoolean() && !isName(ack)) {
                return Optional.of(ErrorCode.ACK_NAME_INVALID.refusal(NAME_BYTES_MAX));
            }
            if (ack.booleanValue() && subject(viewer).isEmpty()) {
                return Optional.of(ErrorCode.ACK_NAME_MISSING.refusal());
            }
        }
        return Optional.empty();
    }

    private static boolean isName(JsonNode ack) {
        return ack.isTextual()
                && !ack.textValue().isEmpty()
                && ack.textValue().getBytes(UTF_8).length <= NAME_BYTES_MAX;
    }

    private static Optional<String> subject(Viewer viewer) {
        byte[] claims = viewer.claims().getBytes(UTF_8);
        return Json.tree(Slice.of(claims))
                .map(tree -> tree.path("sub").asText())
                .filter(sub -> !sub.isEmpty());
    }

    /// From now on the cursors are this viewer's. Those who have no subject share theirs by role and name.
    public synchronized void follow(Viewer viewer) {
        String holder = subject(viewer).map(sub -> "sub " + sub).orElse("role " + viewer.role());
        client = ClientKey.of(viewer, address);
        Map<Integer, CursorKey> fresh = new HashMap<>();
        requests.forEach((id, request) -> fresh.put(id, CursorKey.of(holder, topic, name(request))));
        if (!fresh.equals(keys)) {
            release();
            keys = fresh;
            early = null;
            fresh.values().forEach(key -> cursors.take(key, this, client));
        }
    }

    /// The same binding has the same name, wherever it resumes and in whatever order its keys stand.
    private static String name(ObjectNode request) {
        JsonNode ack = request.path(KEY);
        if (ack.isTextual()) {
            return "named " + ack.textValue();
        }
        Map<String, JsonNode> sorted = new TreeMap<>();
        request.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
        sorted.remove(RESUME);
        return "binding " + sorted;
    }

    /// The bindings as the feed is to take them: each goes on after what was acknowledged, unless its client says
    /// where.
    public synchronized List<Binding> placed(List<Binding> bindings) {
        List<Binding> placed = new ArrayList<>();
        for (Binding binding : bindings) {
            CursorKey key = keys.get(binding.id());
            Optional<String> cursor = key == null ? Optional.empty() : cursors.take(key, this, client);
            if (cursor.isPresent() && binding.request().path(RESUME).asText("").isEmpty()) {
                placed.add(
                        new Binding(binding.id(), binding.request().deepCopy().put(RESUME, cursor.get())));
            } else {
                placed.add(binding);
            }
        }
        return placed;
    }

    /// What the client should know.
    public synchronized List<String> live(Optional<FeedPlace> place) {
        if (place.isEmpty()) {
            return List.of();
        }
        String position = place.get().position();
        // the same place is told again when more has been sent
        if (!live || !isOfEpoch(position)) {
            reached = position;
            live = true;
        }
        requests.forEach((id, request) -> {
            String resume = request.path(RESUME).asText("");
            cursors.begin(requireNonNull(keys.get(id)), POSITION.matcher(resume).matches() ? resume : position);
        });
        rememberEarly();
        return cursors.isDurable()
                ? List.of()
                : List.of("Acknowledgements are remembered until this server stops, no longer: run `walcast setup`.");
    }

    /// Called before a change is sent.
    public synchronized void sending(EncodedChange change) {
        change.position().ifPresent(position -> {
            String known = reached;
            if (known == null || !isOfEpoch(position) || position.compareTo(known) > 0) {
                reached = position;
            }
        });
    }

    private boolean isOfEpoch(String position) {
        String known = reached;
        return known != null && Cursors.epoch(known).equals(Cursors.epoch(position));
    }

    /// @return why not
    public synchronized Optional<Refusal> acknowledge(Slice push) {
        JsonNode tree = push.length() > PUSH_BYTES_MAX ? null : Json.tree(push).orElse(null);
        String position = tree == null ? "" : tree.at("/payload/position").asText();
        if (tree == null
                || !tree.path("event").asText().equals(KEY)
                || !POSITION.matcher(position).matches()) {
            return Optional.of(ErrorCode.ACK_UNREADABLE.refusal());
        }
        if (reached != null && !isOfEpoch(position)) {
            return Optional.of(ErrorCode.ACK_OTHER_EPOCH.refusal());
        }
        if (reached == null || position.compareTo(reached) > 0) {
            return Optional.of(ErrorCode.ACK_NOT_SENT.refusal());
        }
        if (!live && asksForRows()) {
            early = early == null || position.compareTo(early) > 0 ? position : early;
            return Optional.empty();
        }
        return advance(position) ? Optional.empty() : Optional.of(ErrorCode.ACK_TAKEN_OVER.refusal());
    }

    private boolean asksForRows() {
        return requests.values().stream().anyMatch(request -> request.has(ROWS));
    }

    private void rememberEarly() {
        if (early != null && isOfEpoch(early)) {
            boolean _ = advance(early);
        }
        early = null;
    }

    /// False when somebody else has taken a cursor.
    private boolean advance(String position) {
        boolean all = true;
        for (CursorKey key : keys.values()) {
            all &= cursors.advance(key, position, this);
        }
        return all;
    }

    /// The channel ends, or has got other keys.
    public synchronized void release() {
        keys.values().forEach(key -> cursors.release(key, this));
    }
}
