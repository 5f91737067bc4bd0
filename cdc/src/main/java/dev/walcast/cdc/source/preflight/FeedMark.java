package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Stores in Postgres what a feed must know of earlier servers. The mark is a physical slot beside the logical
/// slot, which no process reads. Its name ends in the feed's identity, and its position is the position up to
/// which everything was delivered. A new epoch begins when the mark is missing, or is behind the position that
/// the logical slot confirmed.
public final class FeedMark {
    private static final Logger log = LoggerFactory.getLogger(FeedMark.class);
    private static final int TOKEN_BYTES = 4;

    private final String slotName;

    FeedMark(String slotName) {
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    private record Mark(String name, @Nullable Lsn lsn) {}

    /// The slot's confirmed position and the database's timeline.
    private record SlotPosition(Lsn confirmed, int timeline) {}

    static String name(String slotName, String epoch) {
        return slotName + "_" + epoch.substring(0, 2 * TOKEN_BYTES);
    }

    /// A feed of this process. Its received position decides whether the slot continues from there.
    public record Running(String epoch, Lsn received) {}

    /// Finds the position from which the feed continues, and creates the mark when it is missing.
    ///
    /// @param created whether the logical slot is new, so that no earlier feed continues
    /// @param running null at the first start
    FeedStart establish(Connection connection, boolean created, @Nullable Running running) throws SQLException {
        SlotPosition place = place(connection);
        if (!created && running != null && goesOn(running, place)) {
            return new FeedStart(running.epoch(), true, place.confirmed(), running.received(), Lsn.ZERO);
        }
        List<Mark> marks = marks(connection);
        for (Mark mark : marks) {
            Lsn lsn = mark.lsn();
            if (!created && running == null && lsn != null && !place.confirmed().isAfter(lsn)) {
                return start(connection, mark.name().substring(slotName.length() + 1), true, place, lsn);
            }
        }
        for (Mark mark : marks) {
            drop(connection, mark.name());
        }
        return start(connection, create(connection, place), false, place, place.confirmed());
    }

    private static boolean goesOn(Running running, SlotPosition place) {
        return running.epoch().endsWith(timeline(place)) && !place.confirmed().isAfter(running.received());
    }

    private static FeedStart start(
            Connection connection, String token, boolean continued, SlotPosition place, Lsn delivered)
            throws SQLException {
        return new FeedStart(token + timeline(place), continued, place.confirmed(), delivered, reach(connection));
    }

    private static String timeline(SlotPosition place) {
        return HexFormat.of().toHexDigits((short) place.timeline());
    }

    Lsn confirmed(Connection connection) throws SQLException {
        return place(connection).confirmed();
    }

    private SlotPosition place(Connection connection) throws SQLException {
        String query = """
                select confirmed_flush_lsn::text,
                       case when pg_catalog.pg_is_in_recovery()
                            then (select timeline_id from pg_catalog.pg_control_checkpoint())
                            else ('x' || pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()),
                                  1, 8))::bit(32)::int end
                  from pg_catalog.pg_replication_slots where slot_name = ?""";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, slotName);
            try (ResultSet row = statement.executeQuery()) {
                if (!row.next()) {
                    throw new SQLException("the replication slot does not exist any more");
                }
                return new SlotPosition(Lsn.parse(row.getString(1)), row.getInt(2));
            }
        }
    }

    private List<Mark> marks(Connection connection) throws SQLException {
        String query = "select slot_name, restart_lsn::text from pg_catalog.pg_replication_slots"
                + " where slot_type = 'physical' and slot_name ~ ('^' || ? || '_[0-9a-f]{8}$')";
        List<Mark> marks = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, slotName);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String lsn = rows.getString(2);
                    marks.add(new Mark(rows.getString(1), lsn == null ? null : Lsn.parse(lsn)));
                }
            }
        }
        return marks;
    }

    private static void drop(Connection connection, String mark) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_catalog.pg_drop_replication_slot(?)")) {
            statement.setString(1, mark);
            statement.execute();
        }
    }

    /// @return the token of a mark at the logical slot's position; also when no mark could be created
    private String create(Connection connection, SlotPosition place) {
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        String token = HexFormat.of().formatHex(random);
        try {
            create(connection, name(slotName, token), place.confirmed());
            advance(connection, name(slotName, token), place.confirmed());
        } catch (SQLException e) {
            log.warn(
                    "Clients cannot resume across a restart of this server, and those that return after one see"
                            + " changes twice, because a second replication slot could not be created: {}. Raise"
                            + " max_replication_slots.",
                    e.getMessage());
        }
        return token;
    }

    /// Stores that everything up to a position was delivered. The stored position never goes back.
    ///
    /// @return whether the mark exists and Postgres has not invalidated it
    boolean move(Connection connection, String epoch, Lsn to) throws SQLException {
        return advance(connection, name(slotName, epoch), to);
    }

    /// Creates again a mark that was dropped or invalidated, for the same feed. Its logical slot must be
    /// unchanged.
    void renew(Connection connection, String epoch, Lsn delivered) throws SQLException {
        String mark = name(slotName, epoch);
        for (Mark known : marks(connection)) {
            if (known.name().equals(mark)) {
                drop(connection, mark);
            }
        }
        if (create(connection, mark, delivered)) {
            log.warn(
                    "Replication slot {}, by which clients resume across a restart, was missing and is created again",
                    mark);
            advance(connection, mark, delivered);
            if (isBeyond(connection, mark, delivered)) {
                // The mark would claim changes that were not delivered: Postgres creates it at its last checkpoint.
                drop(connection, mark);
            }
        }
    }

    private boolean create(Connection connection, String mark, Lsn delivered) throws SQLException {
        String query = """
                select pg_catalog.pg_create_physical_replication_slot(?, true) from pg_catalog.pg_replication_slots
                 where slot_name = ? and wal_status <> 'lost' and confirmed_flush_lsn <= ?::pg_lsn""";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, mark);
            statement.setString(2, slotName);
            statement.setString(3, delivered.toString());
            try (ResultSet made = statement.executeQuery()) {
                return made.next();
            }
        }
    }

    private static boolean isBeyond(Connection connection, String mark, Lsn delivered) throws SQLException {
        String query = "select restart_lsn > ?::pg_lsn from pg_catalog.pg_replication_slots where slot_name = ?";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, delivered.toString());
            statement.setString(2, mark);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    private static boolean advance(Connection connection, String mark, Lsn to) throws SQLException {
        String query = """
                select restart_lsn is not null and wal_status <> 'lost',
                       case when restart_lsn < ?::pg_lsn
                            then pg_catalog.pg_replication_slot_advance(slot_name, ?::pg_lsn) end
                  from pg_catalog.pg_replication_slots where slot_name = ?""";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, to.toString());
            statement.setString(2, to.toString());
            statement.setString(3, mark);
            try (ResultSet row = statement.executeQuery()) {
                return row.next() && row.getBoolean(1);
            }
        }
    }

    /// Writes a message into the log, so that a transaction follows even when nothing else is committed.
    private static Lsn reach(Connection connection) throws SQLException {
        String query = """
                select case when pg_catalog.pg_is_in_recovery() then '0/0'
                            else pg_catalog.pg_logical_emit_message(true, 'walcast', 'start')::text end""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }
}
