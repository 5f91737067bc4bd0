package dev.walcast.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/// Reverts changes that the recorder made to the lines of a transcript.
final class GoldenLines {
    /// The reference looks for changes this often.
    private static final int POLL_MILLIS = 100;

    /// The text after the large text that the recorder cut.
    private static final String AFTER_CUT = """
            ", "room_id": 5, "user_id": null},"columns":[{"name": "id", "type": "int8"}, \
            {"name": "room_id", "type": "int4"}, {"name": "user_id", "type": "uuid"}, \
            {"name": "details", "type": "text"}],"errors":null,"schema":"public",\
            "commit_timestamp":"2026-11-23T12:00:00.000Z"},"ids":[68883293]}""";

    /// The reference takes this event name for every event. Walcast refuses it and the channel, so it is replaced by
    /// the regular name for every event.
    private static final String UNKNOWN_EVENT = "\"event\":\"bogus\"";

    private static final String EVERY_EVENT = "\"event\":null";

    private GoldenLines() {}

    /// Moves changes that were committed just before the end, too late for the reference, behind the end.
    static List<JsonNode> withoutHaste(List<JsonNode> recorded) {
        List<JsonNode> lines = new ArrayList<>(recorded);
        for (int i = 1; i < lines.size(); i++) {
            if (dir(lines.get(i)).equals("close>")) {
                for (int j = i; j > 0 && isHasty(lines.get(j - 1), lines.get(j)); j--) {
                    lines.add(j - 1, lines.remove(j));
                }
            }
        }
        return lines;
    }

    private static boolean isHasty(JsonNode statement, JsonNode close) {
        return dir(statement).equals("sql")
                && close.path("t").asInt() - statement.path("t").asInt() < POLL_MILLIS;
    }

    static String dir(JsonNode line) {
        return line.path("dir").asText();
    }

    static String conn(JsonNode line) {
        return line.path("conn").asText();
    }

    static String data(JsonNode line) {
        return line.path("data").asText().replace(UNKNOWN_EVENT, EVERY_EVENT);
    }

    /// The statement with its parameters as literals.
    static String statement(JsonNode line) {
        String sql = data(line);
        JsonNode parameters = line.path("params");
        for (int i = parameters.size(); i > 0; i--) {
            JsonNode value = parameters.get(i - 1);
            sql = sql.replace("$" + i, value.isNull() ? "null" : "'" + value.asText() + "'");
        }
        return sql;
    }

    /// A frame whose large text the recorder cut, noting the whole length.
    static String whole(String text) {
        int cut = text.indexOf("…(");
        if (cut < 0) {
            return text;
        }
        String end = AFTER_CUT + (text.startsWith("[") ? "]" : ",\"topic\":\"realtime:lg\"}");
        int length = Integer.parseInt(text.substring(cut + 2, text.indexOf(' ', cut)));
        return text.substring(0, cut) + "x".repeat(length - cut - end.length()) + end;
    }
}
