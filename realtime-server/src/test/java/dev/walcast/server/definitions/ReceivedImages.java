package dev.walcast.server.definitions;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.Lsn;
import dev.walcast.server.definitions.RecordedImages.Image;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The rows that one client received, compared with the recorded ones.
final class ReceivedImages {
    private final String name;
    private final RecordedImages recorded;
    private final Set<String> arrived = new HashSet<>();
    private final List<Image> lost = new ArrayList<>();
    private final List<String> faults = new ArrayList<>();
    private Lsn resetUpTo = Lsn.ZERO;
    private int exact;
    private int missing;

    ReceivedImages(String name, RecordedImages recorded) {
        this.name = requireNonNull(name, "name is null");
        this.recorded = requireNonNull(recorded, "recorded is null");
    }

    List<String> faults() {
        return faults;
    }

    /// The client was notified that it receives nothing more.
    void refused() {
        lost.clear();
    }

    /// Whether rows are missing and no reset has reported it yet.
    boolean isOwed() {
        return !lost.isEmpty();
    }

    String summary() {
        return name + ": " + arrived.size() + " changes, " + exact + " values, " + missing + " named as missing";
    }

    /// @param frame of the socket
    void take(String frame) throws Exception {
        JsonNode message = RecordedImages.JSON.readTree(frame);
        JsonNode payload = message.get(4);
        switch (message.get(3).asText()) {
            case "postgres_changes" -> change(payload.get("data"));
            case "system" -> news(payload);
            default -> {}
        }
    }

    private void news(JsonNode payload) {
        for (JsonNode binding : payload.path("resume")) {
            if (binding.path("status").asText().equals("reset")) {
                Lsn place = lsn(payload.path("position").asText());
                resetUpTo = place.isAfter(resetUpTo) ? place : resetUpTo;
                lost.removeIf(this::isReset);
            }
        }
    }

    private boolean isReset(Image image) {
        return !image.written().isAfter(resetUpTo);
    }

    private static Lsn lsn(String position) {
        return new Lsn(Long.parseUnsignedLong(position.split("-", -1)[1], 16));
    }

    private void change(JsonNode data) {
        if (data.path("table").asText().equals("ends")) {
            return;
        }
        String event = data.path("type").asText();
        JsonNode op =
                data.path(event.equals("DELETE") ? "old_record" : "record").path("op");
        if (op.isMissingNode()) {
            if (!event.equals("DELETE")) {
                nameless(data, event);
            }
            return;
        }
        Image image = recorded.of(event, op.asLong());
        if (image == null) {
            faults.add(name + " got a row that was not recorded: " + data);
            return;
        }
        if (!arrived.add(image.key())) {
            faults.add(name + " got twice: " + data);
        }
        if (image.newRow() != null) {
            compareNew(data, image, requireNonNull(image.newRow()));
        }
        if (image.oldRow() != null) {
            compareOld(data, requireNonNull(image.oldRow()));
        }
    }

    /// A row whose own number is not exact is the first one of its transaction and table that has not arrived.
    private void nameless(JsonNode data, String event) {
        if (!data.path("missing").path("op").asText().equals("not_exact")) {
            faults.add(name + " got a row without op: " + data);
            return;
        }
        Lsn commit = lsn(data.path("position").asText());
        String table = data.path("schema").asText() + "." + data.path("table").asText();
        Image image = recorded.firstOf(
                commit, candidate -> isOf(candidate, event, table) && !arrived.contains(candidate.key()));
        if (image == null) {
            faults.add(name + " got a row that was not recorded: " + data);
            return;
        }
        arrived.add(image.key());
        compareNew(data, image, requireNonNull(image.newRow()));
    }

    private static boolean isOf(Image image, String event, String table) {
        return image.event().equals(event) && image.table().equals(table);
    }

    private void compareNew(JsonNode data, Image image, JsonNode row) {
        JsonNode record = data.get("record");
        for (Map.Entry<String, JsonNode> cell : row.properties()) {
            String column = cell.getKey();
            if (image.generated().contains(column) || !image.carries(column)) {
                continue;
            }
            if (record.has(column)
                    ? !record.get(column).equals(cell.getValue())
                    : !data.path("missing").has(column)) {
                faults.add(name + ": column " + column + " of " + data + " was " + cell.getValue());
            }
            exact += record.has(column) ? 1 : 0;
            missing += record.has(column) ? 0 : 1;
        }
        record.fieldNames().forEachRemaining(column -> {
            if (!row.has(column)) {
                faults.add(name + ": column " + column + " of " + data + " was not there");
            }
        });
    }

    private void compareOld(JsonNode data, JsonNode row) {
        for (Map.Entry<String, JsonNode> cell : data.path("old_record").properties()) {
            JsonNode was = row.get(cell.getKey());
            if (!cell.getValue().equals(was)) {
                faults.add(name + ": old column " + cell.getKey() + " of " + data + " was " + was);
            }
        }
    }

    /// Everything before has arrived: missing rows were reported by a reset, or still may be.
    ///
    /// @param table the only table that it listens to; null for the schema public
    void ended(List<Image> images, @Nullable String table) {
        for (Image image : images) {
            boolean wanted = table == null
                    ? image.table().startsWith("public.")
                    : image.table().equals(table);
            if (wanted && !image.event().equals("DELETE") && !arrived.contains(image.key()) && !isReset(image)) {
                lost.add(image);
            }
        }
    }

    /// Nothing more comes.
    void over() {
        lost.forEach(image -> faults.add(name + " never got " + image));
    }
}
