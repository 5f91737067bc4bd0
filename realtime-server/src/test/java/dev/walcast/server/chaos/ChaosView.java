package dev.walcast.server.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The view of a binding: a table, and a filter in the protocol, in SQL and in Java.
///
/// @param shows  whether a row is visible to a user, policies included
/// @param steady whether rows never leave or enter it
record ChaosView(String table, @Nullable String filter, String condition, Shows shows, boolean steady) {
    static final ChaosView COUNTERS = new ChaosView("counters", null, "true", (_, _) -> true, true);

    static final ChaosView NOTES = new ChaosView(
            "notes", null, "true", (row, user) -> row.path("owner").asText().equals(user), false);

    static final ChaosView HIGH = new ChaosView(
            "items", "v=gte.50", "v >= 50", (row, _) -> row.path("v").asInt() >= 50, false);

    static ChaosView room(int room) {
        return new ChaosView(
                "items",
                "room=eq." + room,
                "room = " + room,
                (row, _) -> row.path("room").asInt() == room,
                false);
    }

    interface Shows {
        boolean test(JsonNode row, String user);
    }

    /// How a binding requests its rows.
    ///
    /// @param membership whether it receives rows that enter and leave
    /// @param byTime     whether it names the time of its last change, as the unmodified client does
    /// @param snapshot   whether the server sends it the rows to begin with
    record Ways(boolean membership, boolean byTime, boolean snapshot) {}

    /// The binding of a join.
    String binding(Ways ways, @Nullable String resume) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\""
                + (filter == null ? "" : ",\"filter\":\"" + filter + "\"")
                + (ways.membership() ? ",\"membership\":true" : "")
                + (ways.snapshot() ? ",\"snapshot\":true" : "")
                + (resume == null ? "" : ",\"resume\":\"" + resume + "\"") + "}";
    }

    /// The fault of a row that a client has, or lacks, at the end. A row that left the view by an UPDATE may still be
    /// there as it was before, when clients are not notified of that.
    ///
    /// @param has the text of the row
    Optional<String> wrong(List<Optional<JsonNode>> versions, boolean membership, @Nullable String has, String user) {
        Predicate<Optional<JsonNode>> shown = version -> version.isPresent() && shows.test(version.get(), user);
        int last = versions.size() - 1;
        while (last >= 0 && !shown.test(versions.get(last))) {
            last--;
        }
        if (last < 0) {
            return has == null ? Optional.empty() : Optional.of("never to be seen: " + has);
        }
        String shouldBe = ChaosDatabase.text(versions.get(last).orElseThrow());
        boolean shows = last == versions.size() - 1;
        boolean left = !shows && versions.get(last + 1).isPresent();
        if (has == null) {
            return shows ? Optional.of("missing: " + shouldBe) : Optional.empty();
        }
        if (!shows && (!left || membership)) {
            return Optional.of((left ? "left" : "deleted") + ", but still there: " + has);
        }
        return has.equals(shouldBe) ? Optional.empty() : Optional.of("not " + shouldBe + " but " + has);
    }
}
