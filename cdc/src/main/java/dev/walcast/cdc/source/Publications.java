package dev.walcast.cdc.source;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which publications are read over the next connection: the one that must be there, and of the further ones those that
/// are.
///
/// Postgres looks a publication up as the catalog was when a change was written, and fails when it was made later. So
/// a further one that is younger than what the slot has still to send waits until the slot is past its making.
/// Belongs to the supervising thread, but for [#inUse()] and [#wantAnotherReading()].
final class Publications {
    private static final Logger log = LoggerFactory.getLogger(Publications.class);

    private final String first;
    private final List<String> further;
    private final Acknowledgements acknowledgements;
    private volatile List<String> inUse = List.of();
    private volatile boolean tooYoung;
    private volatile Lsn waitUntil = Lsn.ZERO;

    Publications(SourceConfig config, Acknowledgements acknowledgements) {
        List<String> all = config.publications();
        this.first = all.getFirst();
        this.further = all.stream()
                .skip(1)
                .distinct()
                .filter(name -> !name.equals(first))
                .toList();
        this.acknowledgements = requireNonNull(acknowledgements, "acknowledgements is null");
    }

    void choose(Connection connection) throws SQLException {
        List<String> chosen = new ArrayList<>(List.of(first));
        if (tooYoung && waitUntil.equals(Lsn.ZERO)) {
            waitUntil = mark(connection);
            log.info(
                    "Publication {} is younger than what the slot has still to send; it is read from {} on",
                    further,
                    waitUntil);
        }
        if (!isWaiting()) {
            tooYoung = false;
            waitUntil = Lsn.ZERO;
            chosen.addAll(existing(connection));
        }
        inUse = List.copyOf(chosen);
    }

    /// An empty message of our own, so that a quiet database gets past this place as well.
    private static Lsn mark(Connection connection) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                        "select pg_catalog.pg_logical_emit_message(true, 'walcast', '')::text");
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    private List<String> existing(Connection connection) throws SQLException {
        Set<String> existing = new HashSet<>();
        try (PreparedStatement statement =
                connection.prepareStatement("select pubname from pg_catalog.pg_publication where pubname = any (?)")) {
            statement.setArray(1, connection.createArrayOf("text", further.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    existing.add(rows.getString(1));
                }
            }
        }
        return further.stream().filter(existing::contains).toList();
    }

    /// @param reason why reading ended
    void readingEnded(String reason) {
        boolean blamed = further.stream().anyMatch(name -> inUse.contains(name) && reason.contains("\"" + name + "\""));
        tooYoung = tooYoung || blamed;
    }

    private boolean isWaiting() {
        return tooYoung && !acknowledgements.received().isAfter(waitUntil);
    }

    /// Whether reading goes on without a publication that could be read by now. Safe for any thread.
    boolean wantAnotherReading() {
        return tooYoung && !waitUntil.equals(Lsn.ZERO) && !isWaiting();
    }

    List<String> inUse() {
        return inUse;
    }
}
