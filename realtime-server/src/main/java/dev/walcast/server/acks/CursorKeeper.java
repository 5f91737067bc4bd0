package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.server.acks.Cursors.Changes;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the cursors at the start and writes down once a second those that moved, so that a crash only means that
/// changes of the last second come again. A supervised thread.
public final class CursorKeeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CursorKeeper.class);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private final Cursors cursors;
    private final CursorTable table;
    private final Periodic periodic = new Periodic("keep-cursors", EVERY, _ -> keep());

    // guarded by this
    private volatile boolean looked;

    /// @param ofClientMax how many cursors one client may have
    public CursorKeeper(AckLimits limits, int ofClientMax, DataSource database, InstantSource clock) {
        requireNonNull(limits, "limits is null");
        this.cursors = new Cursors(limits, ofClientMax, clock);
        this.table = new CursorTable(database, limits.cursorsMax());
    }

    public Cursors cursors() {
        return cursors;
    }

    /// Returns when those of an earlier server are at hand, or the database could not be asked.
    public void start(Supervisor supervisor) {
        keep();
        periodic.startWithPause(supervisor);
    }

    private synchronized void keep() {
        try {
            if (!cursors.isDurable() && (!looked || cursors.size() > 0)) {
                look();
                looked = true;
            }
            if (cursors.isDurable()) {
                write();
            }
        } catch (SQLException e) {
            log.debug("The acknowledgements could not be kept: {}", e.getMessage());
        } catch (RuntimeException e) {
            log.error("The acknowledgements could not be kept", e);
        }
    }

    /// The table may be made while the server runs; who has no cursors need not know.
    private void look() throws SQLException {
        if (table.exists()) {
            cursors.restore(table.read());
            cursors.setDurable();
        }
    }

    private void write() throws SQLException {
        Changes changes = cursors.takeChanges();
        if (changes.isEmpty()) {
            return;
        }
        try {
            table.write(changes);
        } catch (SQLException e) {
            cursors.giveBack(changes);
            throw e;
        }
    }

    /// Writes a last time, unless the database was never asked.
    @Override
    public void close() {
        if (!periodic.isClosed()) {
            periodic.close();
            if (looked) {
                keep();
            }
        }
    }
}
