package dev.walcast.server.messages;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Transaction;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Broadcast.Encoding;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.ReplayRequest;
import dev.walcast.server.topic.Rooms;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes the rows stored in `realtime.messages` to the rooms, in commit order. Runs on the change source's thread and
/// never blocks; what nobody is there to hear is gone.
public final class DatabaseBroadcasts {
    private static final Logger log = LoggerFactory.getLogger(DatabaseBroadcasts.class);
    private static final int HEADER_BYTES_MAX = 255;

    /// Why a row is no broadcast.
    public enum Dropped {
        /// It lacks an event, a topic, `private` or a payload, or they could not be read.
        INCOMPLETE,
        /// Its topic or event is longer than a frame can say.
        NAME_TOO_LONG,
        PAYLOAD_TOO_LARGE
    }

    private final Rooms rooms;
    private final int payloadBytesMax;
    private final RecentMessages recent = new RecentMessages(ReplayRequest.LIMIT_MAX);
    private final LongAdder sent = new LongAdder();
    private final Map<Dropped, LongAdder> dropped = new EnumMap<>(Dropped.class);

    public DatabaseBroadcasts(Rooms rooms, int payloadBytesMax) {
        this.rooms = requireNonNull(rooms, "rooms is null");
        this.payloadBytesMax = payloadBytesMax;
        for (Dropped reason : Dropped.values()) {
            dropped.put(reason, new LongAdder());
        }
    }

    /// The transaction without the stored messages, which go to their rooms as it is walked for the first time.
    ///
    /// @param isListenedTo whether the messages are for those who listen to tables as well
    /// @param isFresh      whether nobody has heard them yet; otherwise they are only taken out
    /// @param onOther      told of each other change, once
    MessagesTaken takenFrom(Transaction transaction, boolean isListenedTo, boolean isFresh, Consumer<Change> onOther) {
        long micros = transaction.commit().timeMicros();
        return new MessagesTaken(
                transaction, isListenedTo, isFresh ? change -> onMessage(change, micros) : _ -> {}, onOther);
    }

    private void onMessage(Change change, long micros) {
        if (change instanceof Change.Insert insert) {
            Dropped reason = broadcast(insert.newRow(), micros);
            if (reason == null) {
                sent.increment();
            } else {
                requireNonNull(dropped.get(reason)).increment();
                log.debug("UnableToBroadcastChanges: a row of realtime.messages is no broadcast: {}", reason);
            }
        }
    }

    private @Nullable Dropped broadcast(Row row, long micros) {
        String id = text(row, "id");
        String name = text(row, "topic");
        String event = text(row, "event");
        String isPrivate = text(row, "private");
        String json = text(row, "payload");
        String bytea = text(row, "binary_payload");
        if (id == null || name == null || event == null || isPrivate == null || (json == null && bytea == null)) {
            return Dropped.INCOMPLETE;
        }
        Topic topic = Topic.named(name);
        if (topic.bytes() > HEADER_BYTES_MAX || event.getBytes(UTF_8).length > HEADER_BYTES_MAX) {
            return Dropped.NAME_TOO_LONG;
        }
        byte[] payload = json == null ? bytes(requireNonNull(bytea)) : json.getBytes(UTF_8);
        if (payload.length > payloadBytesMax) {
            return Dropped.PAYLOAD_TOO_LARGE;
        }
        Encoding encoding = json == null ? Encoding.BINARY : Encoding.JSON;
        Optional<Broadcast.Stored> stored = Optional.of(new Broadcast.Stored(id, false));
        if (isPrivate.equals("t")) {
            // before it is heard: a client that joins now finds it in the history
            recent.committed(topic, id, micros);
        }
        rooms.broadcast(new Broadcast.User(topic, event, encoding, Slice.of(payload), stored), isPrivate.equals("t"));
        return null;
    }

    /// After the `\x`.
    private static byte[] bytes(String bytea) {
        return HexFormat.of().parseHex(bytea, 2, bytea.length());
    }

    /// Null for SQL NULL, for a value that is missing, and for a column that an older table has not.
    private static @Nullable String text(Row row, String column) {
        int index = row.table().indexOf(column);
        return index < 0 ? null : row.text(index);
    }

    /// The newest of them on each private topic.
    RecentMessages recent() {
        return recent;
    }

    /// Rows that went to their rooms, whether or not anybody was there.
    public long sent() {
        return sent.sum();
    }

    public long dropped(Dropped reason) {
        return requireNonNull(dropped.get(reason)).sum();
    }
}
