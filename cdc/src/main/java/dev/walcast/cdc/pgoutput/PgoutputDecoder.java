package dev.walcast.cdc.pgoutput;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.source.RightsMessage;
import dev.walcast.cdc.source.RowEvent;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/// Decodes the messages of Postgres' `pgoutput` plugin, version 1 of its protocol. Used by the reader's thread
/// only.
final class PgoutputDecoder {
    private static final int TRANSACTIONAL = 1;
    private static final byte[] RIGHTS_PREFIX = RightsMessage.PREFIX.getBytes(StandardCharsets.UTF_8);

    private final Relations relations;
    private final Sink sink;
    private long xid;

    /// Receives what was decoded.
    interface Sink {
        void begin();

        void row(RowEvent event);

        /// Called when the transaction holds a [RightsMessage].
        void rightsAnnounced();

        /// Called when a row of the table could not be read.
        void leaveOut(TableId table, String reason);

        void commit(Commit commit) throws SQLException;
    }

    PgoutputDecoder(Relations relations, Sink sink) {
        this.relations = requireNonNull(relations, "relations is null");
        this.sink = requireNonNull(sink, "sink is null");
    }

    /// Decodes a message.
    ///
    /// @param at the message's position in the log
    void decode(WireBytes message, Lsn at) throws SQLException {
        relations.at(at);
        char tag = message.tag();
        switch (tag) {
            case 'I', 'U', 'D' -> change(tag, message);
            case 'B' -> begin(message);
            case 'C' -> commit(message);
            case 'R' -> relations.describe(message);
            case 'T' -> truncate(message);
            case 'M' -> message(message);
            case 'Y', 'O' -> {
                // These are a type's name, a replication origin.
            }
            default -> throw new IllegalStateException("unknown message of pgoutput: " + tag);
        }
    }

    private void begin(WireBytes message) {
        Lsn commit = new Lsn(message.int64()); // the begin of the commit record; positions are its end
        message.int64(); // the commit time, which the commit message repeats
        xid = Integer.toUnsignedLong(message.int32());
        relations.begin(xid, commit);
        sink.begin();
    }

    private void commit(WireBytes message) throws SQLException {
        message.tag(); // flags; none are defined
        message.int64();
        Lsn end = new Lsn(message.int64());
        sink.commit(new Commit(end, xid, message.int64() + ReplicationStream.EPOCH_MICROS));
        relations.committed(end);
    }

    private void change(char tag, WireBytes message) throws SQLException {
        int oid = message.int32();
        RowEvent event = event(tag, oid, message);
        if (event != null) {
            sink.row(event);
        } else {
            Relations.LeftOut leftOut = requireNonNull(relations.leftOut(oid));
            sink.leaveOut(leftOut.table(), leftOut.reason());
        }
    }

    /// @return null when the table is left out, or is left out from this row on
    private @Nullable RowEvent event(char tag, int oid, WireBytes message) throws SQLException {
        if (relations.leftOut(oid) != null) {
            return null;
        }
        try {
            Table table = relations.table(oid);
            return switch (tag) {
                case 'I' -> insert(table, message);
                case 'U' -> update(table, message);
                default -> new RowEvent(RowEvent.Kind.DELETE, table, oldRow(table, message.tag(), message), null);
            };
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            relations.leaveOut(oid, e);
            return null;
        }
    }

    private RowEvent insert(Table table, WireBytes message) throws SQLException {
        expect(message.tag(), 'N');
        return new RowEvent(
                RowEvent.Kind.INSERT, table, null, TupleReader.whole(table, message, relations.inexact(table)));
    }

    /// Reads an UPDATE. It has an old image when the identity is FULL or one of its columns has changed.
    private RowEvent update(Table table, WireBytes message) throws SQLException {
        char image = message.tag();
        Row oldRow = null;
        if (image != 'N') {
            oldRow = oldRow(table, image, message);
            image = message.tag();
        }
        expect(image, 'N');
        Row newRow = TupleReader.whole(table, message, relations.inexact(table));
        return new RowEvent(RowEvent.Kind.UPDATE, table, oldRow == null ? newRow.identityOnly() : oldRow, newRow);
    }

    private Row oldRow(Table table, char image, WireBytes message) throws SQLException {
        return switch (image) {
            case 'K' -> TupleReader.identity(table, message, relations.inexact(table));
            case 'O' -> TupleReader.whole(table, message, relations.inexact(table));
            default -> throw new IllegalStateException("unknown kind of row image: " + image);
        };
    }

    private void truncate(WireBytes message) throws SQLException {
        int count = message.int32();
        message.tag(); // CASCADE or RESTART IDENTITY
        for (int i = 0; i < count; i++) {
            int oid = message.int32();
            if (relations.leftOut(oid) == null) {
                sink.row(new RowEvent(RowEvent.Kind.TRUNCATE, relations.table(oid), null, null));
            }
        }
    }

    /// Reads a logical message. The prefix may be long, so it is compared in place. The content is not read.
    private void message(WireBytes message) {
        boolean isTransactional = (message.tag() & TRANSACTIONAL) != 0;
        message.int64();
        if (isTransactional && message.isNextZeroTerminated(RIGHTS_PREFIX)) {
            sink.rightsAnnounced();
        }
    }

    private static void expect(char image, char expected) {
        if (image != expected) {
            throw new IllegalStateException("unknown kind of row image: " + image);
        }
    }
}
