package dev.walcast.cdc.source.preflight;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Chooses the publications that the next connection reads: the first, which must exist, and the others that
/// exist.
///
/// Postgres looks up a publication in the catalog of the time when a change was written. Before version 18,
/// reading fails with an undefined object when the publication did not exist then. A publication that was
/// created in the part of the log that the slot has not sent yet is *young*. It is left out until that part was
/// passed. When the first publication is young, its changes in that part are lost: a *hole*. The other
/// publications are read up to the end of the hole; then the slot is advanced past it.
///
/// Used by the reading thread only, except [#inUse()], [#lookUpFailed()] and [#wantsAnotherReading()], which
/// are safe for any thread.
public final class Publications {
    private static final Logger log = LoggerFactory.getLogger(Publications.class);

    /// The slot needs the catalog rows that its `catalog_xmin` does not see. So the log that it has not sent
    /// yet was written before or while those rows were created.
    private static final String YOUNG = """
            select p.pubname from pg_catalog.pg_publication p, pg_catalog.pg_replication_slots s
             where s.slot_name = ? and p.pubname = any (?)
               and pg_catalog.age(p.xmin) <= pg_catalog.age(s.catalog_xmin)""";

    private final SourceConfig config;
    private final String first;
    private final List<String> all;
    private final Supplier<Lsn> received;
    private volatile List<String> inUse = List.of();
    private volatile boolean lookUpFailed;
    private volatile Set<String> leftOut = Set.of();
    private volatile Lsn waitUntil = Lsn.ZERO;
    private boolean missing;
    private boolean atHole;

    /// @param received returns the end of the last transaction received; safe for any thread
    public Publications(SourceConfig config, Supplier<Lsn> received) {
        this.config = requireNonNull(config, "config is null");
        this.all = config.publications().stream().distinct().toList();
        this.first = all.getFirst();
        this.received = requireNonNull(received, "received is null");
    }

    /// Must be called when reading failed because Postgres did not find an object.
    public void lookUpFailed() {
        lookUpFailed = true;
    }

    /// Chooses the publications.
    ///
    /// @throws SourceException when the first publication does not exist
    void choose(Connection connection) throws SQLException, SourceException {
        Set<String> existing = existing(connection);
        missing = !existing.contains(first);
        if (missing) {
            throw new SourceException(
                    "There is no publication " + Identifier.quoted(first) + " in database "
                            + Identifier.quoted(config.url().database()) + ": run CREATE PUBLICATION "
                            + Identifier.quoted(first) + " FOR TABLE ..., or name another with PUBLICATION.",
                    false);
        }
        if (lookUpFailed) {
            leaveOut(young(connection), connection);
            lookUpFailed = false;
        }
        boolean passed = isPassed();
        List<String> chosen = all.stream()
                .filter(existing::contains)
                .filter(name -> passed || !leftOut.contains(name))
                .toList();
        atHole = leftOut.contains(first) && (passed || chosen.isEmpty());
        inUse = chosen.isEmpty() ? List.of(first) : chosen;
    }

    /// Whether the first publication did not exist at the last call of [#choose].
    public boolean isMissing() {
        return missing;
    }

    /// Whether the slot must be advanced past a hole before the chosen publications can be read.
    boolean isAtHole() {
        return atHole;
    }

    /// Returns the latest end of the hole; zero when nothing behind its beginning was read.
    Lsn holeEnd() {
        return isPassed() ? received.get() : Lsn.ZERO;
    }

    /// Must be called when the slot is at a position from which the chosen publications can be read.
    void settled() {
        if (atHole || isPassed()) {
            leftOut = Set.of();
            waitUntil = Lsn.ZERO;
            atHole = false;
        }
    }

    private void leaveOut(Set<String> young, Connection connection) throws SQLException {
        if (young.isEmpty()) {
            return;
        }
        Set<String> names = new HashSet<>(leftOut);
        names.addAll(young);
        waitUntil = mark(connection);
        leftOut = Set.copyOf(names);
        if (names.contains(first)) {
            log.error(
                    "Publication {} did not exist for a part of the log that was not read yet. The changes of its"
                            + " tables up to {} that were not delivered yet are lost. Every subscriber must read"
                            + " its rows again.",
                    Identifier.quoted(first),
                    waitUntil);
        } else {
            log.info(
                    "Publications {} are younger than the log that the slot still has to send; they are read from {} on",
                    Identifier.list(List.copyOf(names)),
                    waitUntil);
        }
    }

    /// Writes an empty message into the log, so that the reader passes this position even in a quiet database.
    private static Lsn mark(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                        "select pg_catalog.pg_logical_emit_message(true, 'walcast', '')::text");
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    private Set<String> existing(Connection connection) throws SQLException {
        return names(connection, "select pubname from pg_catalog.pg_publication where ? <> '' and pubname = any (?)");
    }

    private Set<String> young(Connection connection) throws SQLException {
        return names(connection, YOUNG);
    }

    private Set<String> names(Connection connection, String query) throws SQLException {
        Set<String> names = new HashSet<>();
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, config.slotName());
            statement.setArray(2, connection.createArrayOf("text", all.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
        }
        return names;
    }

    private boolean isPassed() {
        return received.get().isAfter(waitUntil);
    }

    /// Whether a publication was left out that could be read by now.
    public boolean wantsAnotherReading() {
        return !leftOut.isEmpty() && isPassed();
    }

    /// Returns the publications that are being read.
    public List<String> inUse() {
        return inUse;
    }
}
