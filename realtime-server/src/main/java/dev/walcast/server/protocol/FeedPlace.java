package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/// Where a subscription went live and what became of the places that its bindings named; beyond the reference, and
/// ignored by clients that do not know it.
///
/// @param epoch    changes when positions of before mean nothing any more
/// @param position everything after it arrives
public record FeedPlace(String epoch, String position, List<Resumed> bindings) {
    public FeedPlace {
        requireNonNull(epoch, "epoch is null");
        requireNonNull(position, "position is null");
        bindings = List.copyOf(bindings);
    }

    /// @param replayed how many changes came before this message
    /// @param reset    why what the client had is of no use; empty when nothing is missing
    /// @param rows     how many rows came before this message, with which it begins; empty when it did not ask for
    ///                 them, or has to read them itself
    public record Resumed(int id, int replayed, Optional<String> reset, OptionalLong rows) {
        public Resumed {
            requireNonNull(reset, "reset is null");
            requireNonNull(rows, "rows is null");
        }

        private String json() {
            String status = rows.isPresent() ? "snapshot" : reset.isPresent() ? "reset" : "resumed";
            return "{\"id\":" + id + ",\"status\":\"" + status + "\""
                    + reset.map(reason -> ",\"reason\":" + Json.quoted(reason)).orElse("")
                    + (rows.isPresent() ? ",\"rows\":" + rows.getAsLong() : "")
                    + ",\"replayed\":" + replayed + "}";
        }
    }

    /// The members of an object, each after a comma.
    String json() {
        String resume = bindings.isEmpty()
                ? ""
                : bindings.stream().map(Resumed::json).collect(Collectors.joining(",", ",\"resume\":[", "]"));
        return ",\"epoch\":" + Json.quoted(epoch) + ",\"position\":" + Json.quoted(position) + resume;
    }
}
