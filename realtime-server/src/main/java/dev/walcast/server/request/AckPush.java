package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.util.Optional;
import java.util.regex.Pattern;

/// A push `postgres_changes` with the event `ack`: the client has processed all changes up to a position.
///
/// @param position text of the right form; within an epoch it sorts as the changes do
public record AckPush(String position) {
    /// An acknowledgement is a position and little else; a larger push is not parsed.
    private static final int BYTES_MAX = 4 * 1024;

    private static final Pattern POSITION = Pattern.compile("[0-9a-f]{1,32}-[0-9a-f]{16}-[0-9a-f]{8}");

    public AckPush {
        requireNonNull(position, "position is null");
    }

    /// Empty when the push is larger than an acknowledgement, or is none.
    public static Optional<AckPush> read(Slice push) {
        return push.length() > BYTES_MAX
                ? Optional.empty()
                : Json.tree(push)
                        .filter(tree -> tree.path("event").asText().equals("ack"))
                        .map(tree -> tree.at("/payload/position"))
                        .map(JsonNode::asText)
                        .filter(position -> POSITION.matcher(position).matches())
                        .map(AckPush::new);
    }
}
