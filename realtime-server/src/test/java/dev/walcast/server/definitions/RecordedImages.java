package dev.walcast.server.definitions;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The rows as seen by the statements that wrote them.
final class RecordedImages {
    static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .build();

    private final Map<String, Image> images = new TreeMap<>();
    private final List<Image> inOrder = new ArrayList<>();
    private long last;

    /// @param published null for all
    /// @param written   a place in the log before the row's commit
    record Image(
            long op,
            String event,
            String table,
            @Nullable JsonNode newRow,
            @Nullable JsonNode oldRow,
            Set<String> generated,
            @Nullable Set<String> published,
            Lsn written,
            long transaction) {
        String key() {
            return event + " " + op;
        }

        boolean carries(String column) {
            return published == null || published.contains(column);
        }
    }

    /// The rows recorded since the last call.
    List<Image> read(TestPostgres postgres) throws Exception {
        List<Image> fresh = new ArrayList<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("select * from audit.images where seq > " + last + " order by seq")) {
            while (rows.next()) {
                last = rows.getLong("seq");
                Image image = new Image(
                        rows.getLong("op"),
                        rows.getString("event"),
                        rows.getString("schema_name") + "." + rows.getString("table_name"),
                        json(rows.getString("new_row")),
                        json(rows.getString("old_row")),
                        names(rows.getArray("generated")),
                        rows.getArray("published") == null ? null : names(rows.getArray("published")),
                        Lsn.parse(rows.getString("lsn")),
                        rows.getLong("xid"));
                fresh.add(image);
                inOrder.add(image);
                images.put(image.key(), image);
            }
        }
        return fresh;
    }

    @Nullable
    Image of(String event, long op) {
        return images.get(event + " " + op);
    }

    /// The first image of the last transaction that committed here and wrote such an image.
    ///
    /// @param commit where it committed
    @Nullable
    Image firstOf(Lsn commit, Predicate<Image> such) {
        Image found = null;
        for (Image image : inOrder) {
            if (!image.written().isAfter(commit) && such.test(image)) {
                found = found != null && found.transaction() == image.transaction() ? found : image;
            }
        }
        return found;
    }

    private static @Nullable JsonNode json(@Nullable String text) throws Exception {
        return text == null ? null : JSON.readTree(text);
    }

    private static Set<String> names(Array array) throws SQLException {
        return Set.of((String[]) array.getArray());
    }
}
