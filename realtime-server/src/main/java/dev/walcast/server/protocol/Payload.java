package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.json.Utf8;
import java.util.Optional;
import java.util.stream.Collectors;

/// A JSON object on its way out, as up to three pieces of UTF-8, so that the middle one can be shared by many frames.
public record Payload(byte[] before, byte[] shared, byte[] after) {
    private static final byte[] NOTHING = {};
    private static final byte[] CLOSING_BRACE = {'}'};

    public Payload {
        requireNonNull(before, "before is null");
        requireNonNull(shared, "shared is null");
        requireNonNull(after, "after is null");
    }

    /// @param json an object
    public static Payload of(byte[] json) {
        return new Payload(NOTHING, json, NOTHING);
    }

    public static Payload empty() {
        return ascii("{}");
    }

    /// A successful reply's payload.
    ///
    /// @param response an object
    public static Payload ok(byte[] response) {
        return new Payload(ascii("{\"status\":\"ok\",\"response\":").shared, response, CLOSING_BRACE);
    }

    public static Payload ok() {
        return ascii("{\"status\":\"ok\",\"response\":{}}");
    }

    /// A failed reply's payload without a reason.
    public static Payload error() {
        return ascii("{\"status\":\"error\",\"response\":{}}");
    }

    public static Payload error(Refusal refusal) {
        return new Payload(ascii("{\"status\":\"error\",\"response\":").shared, reason(refusal).shared, CLOSING_BRACE);
    }

    /// What goes with `phx_error`.
    public static Payload reason(Refusal refusal) {
        return new Payload(
                NOTHING, Json.bytes("{\"reason\":" + Json.quoted(refusal.reason()) + refusal.details() + "}"), NOTHING);
    }

    /// @param channel the topic without its `realtime:`
    public static Payload system(SystemNote note, String channel) {
        String warnings = note.warnings().isEmpty()
                ? ""
                : note.warnings().stream().map(Json::quoted).collect(Collectors.joining(",", ",\"warnings\":[", "]"));
        return of(Json.bytes("{\"status\":\"" + note.status() + "\",\"message\":" + Json.quoted(note.message())
                + ",\"extension\":\"" + note.extension() + "\",\"channel\":" + Json.quoted(channel) + warnings
                + note.refusal().map(Refusal::details).orElse("")
                + note.place().map(FeedPlace::json).orElse("") + "}"));
    }

    /// Rows that a binding begins with, in a `system` message: clients hand it on with all its keys.
    ///
    /// @param channel the topic without its `realtime:`
    /// @param members of the object that holds the rows; shared, not copied
    public static Payload snapshot(String channel, int id, byte[] members) {
        return new Payload(
                Json.bytes(
                        "{\"status\":\"ok\",\"message\":\"Snapshot of PostgreSQL\",\"extension\":\"postgres_changes\","
                                + "\"channel\":" + Json.quoted(channel) + ",\"snapshot\":{\"id\":" + id + ","),
                members,
                ascii("}}").shared);
    }

    /// @param data the change's `data` object; shared, not copied
    public static Payload change(int[] ids, byte[] data) {
        StringBuilder before = new StringBuilder("{\"ids\":[");
        for (int i = 0; i < ids.length; i++) {
            before.append(i == 0 ? "" : ",").append(ids[i]);
        }
        return new Payload(before.append("],\"data\":").toString().getBytes(US_ASCII), data, CLOSING_BRACE);
    }

    /// A broadcast in words: what a client would have sent as a text frame.
    ///
    /// @param json the user's payload; shared, not copied
    /// @param stored becomes the metadata; empty for none
    static Payload broadcast(String event, byte[] json, Optional<Broadcast.Stored> stored) {
        return new Payload(
                Json.bytes("{\"type\":\"broadcast\",\"event\":" + Json.quoted(event) + ",\"payload\":"),
                json,
                Json.bytes(stored.map(meta -> ",\"meta\":" + meta.json() + "}").orElse("}")));
    }

    /// As a text frame carries it. Nothing when the payload is not JSON.
    static Optional<Payload> ofBroadcast(Broadcast broadcast) {
        return switch (broadcast) {
            case Broadcast.Text text -> Optional.of(of(text.payload().copy()));
            case Broadcast.User user ->
                isReadable(user)
                        ? Optional.of(broadcast(user.event(), user.payload().copy(), user.stored()))
                        : Optional.empty();
        };
    }

    /// Encoding 1 is only the sender's claim; an invalid payload must not break the frame around it.
    private static boolean isReadable(Broadcast.User user) {
        Slice payload = user.payload();
        return user.encoding() == Broadcast.Encoding.JSON
                && Utf8.isValid(payload.bytes(), payload.offset(), payload.length())
                && Json.isValue(payload);
    }

    private static Payload ascii(String json) {
        return of(json.getBytes(US_ASCII));
    }
}
