package dev.walcast.server.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.messages.RecentMessages.Committed;
import dev.walcast.server.protocol.Broadcast.Encoding;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.MessageHistory;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;

/// Reads `realtime.messages` without applying its policies. The caller has checked the right to receive.
final class PostgresMessageHistory implements MessageHistory {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    /// Reads the binary payload through JSON, because an older Supabase database has no such column. `cmin` and
    /// `ctid` give the order within a transaction, whose rows all have the same `inserted_at`.
    private static final String MESSAGE = """
            select m.id::text as id, m.event, m.payload::text as payload,
                   case when m.payload is null then pg_catalog.substr(pg_catalog.to_jsonb(m) ->> 'binary_payload', 3) end as bytes,
                   m.inserted_at, m.cmin::text::bigint as command, m.ctid as place
              from realtime.messages m
             where m.topic = ? and m.private and m.extension = 'broadcast' and m.event is not null""";

    private static final String NEWEST_FIRST = " order by inserted_at desc, command desc, place desc";

    private static final String QUERY = "select id, event, payload, bytes,"
            + " (extract(epoch from inserted_at) * 1000000)::bigint from (("
            + MESSAGE + " and m.inserted_at >= ?"
            + " and m.inserted_at < (pg_catalog.now() at time zone 'utc') + interval '1 minute'"
            + NEWEST_FIRST + " limit ?) union all (" + MESSAGE + " and m.id = any (cast(? as uuid[])))) found"
            + NEWEST_FIRST;

    private final DataSource dataSource;
    private final RecentMessages recent;

    /// @param recent the newest rows that the feed has delivered
    PostgresMessageHistory(DataSource dataSource, RecentMessages recent) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.recent = requireNonNull(recent, "recent is null");
    }

    /// A message and its place in the order.
    ///
    /// @param micros   the time of its commit, or the begin of its transaction when the commit is unknown
    /// @param sequence the order among messages of the same time
    private record Placed(StoredMessage message, long micros, long sequence) {
        static final Comparator<Placed> ORDER =
                Comparator.comparingLong(Placed::micros).thenComparingLong(Placed::sequence);
    }

    /// "Since" compares the time of the commit where it is known, because a client has received what was committed
    /// before; otherwise the begin of the transaction.
    @Override
    public List<StoredMessage> since(Topic topic, Instant since, int limit) throws HistoryException {
        Map<String, Committed> committed = new LinkedHashMap<>();
        long sinceMicros = ChronoUnit.MICROS.between(Instant.EPOCH, since);
        recent.of(topic).forEach(message -> committed.put(message.id(), message));
        List<String> wanted = committed.values().stream()
                .filter(message -> message.micros() >= sinceMicros)
                .map(Committed::id)
                .toList();
        List<Placed> found = read(topic, since, limit, wanted, committed);
        found.sort(Placed.ORDER);
        return found.subList(Math.max(0, found.size() - limit), found.size()).stream()
                .map(Placed::message)
                .toList();
    }

    private List<Placed> read(
            Topic topic, Instant since, int limit, List<String> wanted, Map<String, Committed> committed)
            throws HistoryException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(QUERY)) {
            statement.setQueryTimeout(Math.toIntExact(TIMEOUT.toSeconds()));
            statement.setString(1, topic.name());
            statement.setObject(2, LocalDateTime.ofInstant(since, ZoneOffset.UTC));
            statement.setInt(3, limit);
            statement.setString(4, topic.name());
            statement.setArray(5, connection.createArrayOf("text", wanted.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                return placed(rows, committed);
            }
        } catch (SQLException e) {
            throw new HistoryException("The messages of a topic could not be read: " + e.getMessage(), e);
        }
    }

    private static List<Placed> placed(ResultSet newestFirst, Map<String, Committed> committed) throws SQLException {
        Map<String, Placed> byId = new LinkedHashMap<>();
        while (newestFirst.next()) {
            String json = newestFirst.getString(3);
            String hex = newestFirst.getString(4);
            if (json != null) {
                place(newestFirst, Encoding.JSON, json.getBytes(UTF_8), committed, byId);
            } else if (hex != null) {
                place(newestFirst, Encoding.BINARY, HexFormat.of().parseHex(hex), committed, byId);
            }
        }
        return new ArrayList<>(byId.values());
    }

    private static void place(
            ResultSet row,
            Encoding encoding,
            byte[] payload,
            Map<String, Committed> committed,
            Map<String, Placed> byId)
            throws SQLException {
        StoredMessage message = new StoredMessage(row.getString(1), row.getString(2), encoding, payload);
        Committed known = committed.get(message.id());
        Placed placed = known == null
                ? new Placed(message, row.getLong(5), -(long) byId.size())
                : new Placed(message, known.micros(), known.sequence());
        byId.putIfAbsent(message.id(), placed);
    }
}
