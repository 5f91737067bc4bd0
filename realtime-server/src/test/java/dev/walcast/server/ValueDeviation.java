package dev.walcast.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A value of one row that is another one in ours, or left out, in whatever frame it comes.
///
/// @param transcripts how their names begin
record ValueDeviation(
        String transcripts, int id, String column, JsonNode recorded, Optional<JsonNode> ours, String reason) {
    private static final String WHOLE = "fixed-length values are whole, as Postgres shows them";
    private static final String SPECIAL = "NaN and infinities are values, not NULL";
    private static final String UNREAD = "Debezium cannot carry the value, which `missing` tells";

    static List<ValueDeviation> all() {
        List<ValueDeviation> all = new ArrayList<>();
        all.add(special("pg_filters", 4, "f", "NaN"));
        all.add(special("pg_filters", 5, "f", "Infinity"));
        all.add(special("pg_filters", 5, "n", "NaN"));
        all.add(whole(1, "c_bit", "1", "1010"));
        all.add(whole(1, "c_char", "a", "ab   "));
        all.add(unread(1, "c_money", "$1,234.56"));
        all.add(unread(1, "c_timetz", "13:14:15.5+02"));
        all.add(whole(2, "c_bit", "0", "0000"));
        all.add(whole(2, "c_char", " ", "     "));
        all.add(unread(2, "c_date", "infinity"));
        all.add(special("pg_types", 2, "c_float4", "Infinity"));
        all.add(special("pg_types", 2, "c_float8", "-Infinity"));
        all.add(special("pg_types", 2, "c_numeric", "NaN"));
        all.add(unread(2, "c_money", "-$1.00"));
        all.add(unread(2, "c_timetz", "00:00:00+00"));
        all.add(whole(4, "c_bit", "1", "1111"));
        all.add(whole(4, "c_char", "a", "abcde"));
        all.add(unread(4, "c_interval", "00:00:00"));
        all.add(special("pg_types", 4, "c_numeric", "Infinity"));
        all.add(unread(4, "c_money", "$0.00"));
        all.add(unread(4, "c_timetz", "23:59:59.999999-12"));
        if (TestServer.READER == ServerSettings.Reader.NATIVE) {
            all.removeIf(value -> value.reason.equals(UNREAD));
        }
        return all;
    }

    private static ValueDeviation special(String transcripts, int id, String column, String ours) {
        return new ValueDeviation(
                transcripts, id, column, NullNode.getInstance(), Optional.of(TextNode.valueOf(ours)), SPECIAL);
    }

    private static ValueDeviation whole(int id, String column, String recorded, String ours) {
        return new ValueDeviation(
                "pg_types", id, column, TextNode.valueOf(recorded), Optional.of(TextNode.valueOf(ours)), WHOLE);
    }

    private static ValueDeviation unread(int id, String column, String recorded) {
        return new ValueDeviation("pg_types", id, column, TextNode.valueOf(recorded), Optional.empty(), UNREAD);
    }

    boolean isIn(JsonNode row) {
        return row.path("id").asInt() == id && recorded.equals(row.get(column));
    }

    void replaceIn(ObjectNode row) {
        ours.ifPresentOrElse(value -> row.set(column, value), () -> row.remove(column));
    }
}
