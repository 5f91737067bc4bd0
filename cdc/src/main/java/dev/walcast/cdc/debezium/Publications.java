package dev.walcast.cdc.debezium;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which publications the next engine reads: the one that must be there, and of the further ones those that are.
///
/// Postgres looks a publication up as the catalog was when a change was written, and fails when it was made later. So
/// a further one that is younger than what the slot has still to send waits until the slot is past its making.
/// Belongs to the supervising thread, but for [#inUse()].
final class Publications {
    private static final Logger log = LoggerFactory.getLogger(Publications.class);

    private final SourceConfig config;
    private final Acknowledgements acknowledgements;
    private volatile List<String> inUse = List.of();
    private volatile boolean tooYoung;
    private volatile Lsn waitUntil = Lsn.ZERO;

    Publications(SourceConfig config, Acknowledgements acknowledgements) {
        this.config = requireNonNull(config, "config is null");
        this.acknowledgements = requireNonNull(acknowledgements, "acknowledgements is null");
    }

    void choose(Connection connection) throws SQLException {
        List<String> chosen = new ArrayList<>(List.of(config.publication()));
        if (tooYoung && waitUntil.equals(Lsn.ZERO)) {
            waitUntil = mark(connection);
            log.info(
                    "Publication {} is younger than what the slot has still to send; it is read from {} on",
                    config.furtherPublications(),
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
        List<String> existing = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "select pubname from pg_catalog.pg_publication where pubname = any (?) and pubname <> ? order by 1")) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text", config.furtherPublications().toArray()));
            statement.setString(2, config.publication());
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    existing.add(rows.getString(1));
                }
            }
        }
        return existing;
    }

    /// @param reason why an engine ended
    void engineEnded(String reason) {
        boolean blamed = config.furtherPublications().stream()
                .anyMatch(name -> inUse.contains(name) && reason.contains("\"" + name + "\""));
        tooYoung = tooYoung || blamed;
    }

    boolean isWaiting() {
        return tooYoung && !acknowledgements.received().isAfter(waitUntil);
    }

    /// Whether the engine runs without a publication that could be read by now.
    boolean wantsAnotherEngine() {
        return tooYoung && !waitUntil.equals(Lsn.ZERO) && !isWaiting();
    }

    List<String> inUse() {
        return inUse;
    }
}
