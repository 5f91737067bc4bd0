package dev.walcast.server.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.MessageHistory;
import dev.walcast.server.protocol.Broadcast.Encoding;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.sql.DataSource;

/// Reads `realtime.messages`, past its policies: whoever asks has checked the right to receive.
public final class PostgresMessageHistory implements MessageHistory {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /// The binary payload by way of JSON, since an older Supabase database has no such column.
    private static final String QUERY = """
            select m.id::text, m.event, m.payload::text,
                   case when m.payload is null then pg_catalog.substr(pg_catalog.to_jsonb(m) ->> 'binary_payload', 3) end
              from realtime.messages m
             where m.topic = ? and m.private and m.extension = 'broadcast' and m.event is not null
               and m.inserted_at >= ? and m.inserted_at < (pg_catalog.now() at time zone 'utc') + interval '1 minute'
             order by m.inserted_at desc, m.id limit ?""";

    private final DataSource dataSource;

    public PostgresMessageHistory(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    @Override
    public List<StoredMessage> since(String topic, Instant since, int limit) throws HistoryException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(QUERY)) {
            statement.setQueryTimeout(Math.toIntExact(TIMEOUT.toSeconds()));
            statement.setString(1, topic);
            statement.setObject(2, LocalDateTime.ofInstant(since, ZoneOffset.UTC));
            statement.setInt(3, limit);
            try (ResultSet rows = statement.executeQuery()) {
                return oldestFirst(rows);
            }
        } catch (SQLException e) {
            throw new HistoryException("The messages of a topic could not be read: " + e.getMessage(), e);
        }
    }

    private static List<StoredMessage> oldestFirst(ResultSet rows) throws SQLException {
        List<StoredMessage> newestFirst = new ArrayList<>();
        while (rows.next()) {
            String json = rows.getString(3);
            String hex = rows.getString(4);
            if (json != null) {
                newestFirst.add(message(rows, Encoding.JSON, json.getBytes(UTF_8)));
            } else if (hex != null) {
                newestFirst.add(message(rows, Encoding.BINARY, HexFormat.of().parseHex(hex)));
            }
        }
        return newestFirst.reversed();
    }

    private static StoredMessage message(ResultSet row, Encoding encoding, byte[] payload) throws SQLException {
        return new StoredMessage(row.getString(1), row.getString(2), encoding, payload);
    }
}
