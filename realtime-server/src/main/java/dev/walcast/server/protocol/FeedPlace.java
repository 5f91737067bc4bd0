package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
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
    /// @param reset    why the client has to read its rows anew; empty when nothing is missing
    public record Resumed(int id, int replayed, Optional<String> reset) {
        public Resumed {
            requireNonNull(reset, "reset is null");
        }

        private String json() {
            return "{\"id\":" + id
                    + reset.map(reason -> ",\"status\":\"reset\",\"reason\":" + Json.quoted(reason))
                            .orElse(",\"status\":\"resumed\"")
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
