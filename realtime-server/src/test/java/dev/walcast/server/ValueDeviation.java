package dev.walcast.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.ArrayList;
import java.util.List;

/// A value of one row that differs from the reference, in any frame.
///
/// @param transcripts the prefix of their names
record ValueDeviation(String transcripts, int id, String column, JsonNode recorded, JsonNode ours, String reason) {
    private static final String WHOLE = "fixed-length values are whole, as Postgres shows them";
    private static final String SPECIAL = "NaN and infinities are values, not NULL";

    static List<ValueDeviation> all() {
        List<ValueDeviation> all = new ArrayList<>();
        all.add(special("pg_filters", 4, "f", "NaN"));
        all.add(special("pg_filters", 5, "f", "Infinity"));
        all.add(special("pg_filters", 5, "n", "NaN"));
        all.add(whole(1, "c_bit", "1", "1010"));
        all.add(whole(1, "c_char", "a", "ab   "));
        all.add(whole(2, "c_bit", "0", "0000"));
        all.add(whole(2, "c_char", " ", "     "));
        all.add(special("pg_types", 2, "c_float4", "Infinity"));
        all.add(special("pg_types", 2, "c_float8", "-Infinity"));
        all.add(special("pg_types", 2, "c_numeric", "NaN"));
        all.add(whole(4, "c_bit", "1", "1111"));
        all.add(whole(4, "c_char", "a", "abcde"));
        all.add(special("pg_types", 4, "c_numeric", "Infinity"));
        return all;
    }

    private static ValueDeviation special(String transcripts, int id, String column, String ours) {
        return new ValueDeviation(transcripts, id, column, NullNode.getInstance(), TextNode.valueOf(ours), SPECIAL);
    }

    private static ValueDeviation whole(int id, String column, String recorded, String ours) {
        return new ValueDeviation("pg_types", id, column, TextNode.valueOf(recorded), TextNode.valueOf(ours), WHOLE);
    }

    boolean isIn(JsonNode row) {
        return row.path("id").asInt() == id && recorded.equals(row.get(column));
    }

    void replaceIn(ObjectNode row) {
        row.set(column, ours);
    }
}
