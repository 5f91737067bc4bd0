package dev.walcast.cdc;

import dev.walcast.cdc.supervisor.Supervisor;
import java.util.List;

/// A source of committed changes.
public interface ChangeSource extends AutoCloseable {
    /// Checks the database, creates the slot when it is missing, and starts the thread that delivers changes.
    /// When this method returns, the slot exists: everything that is committed later is delivered.
    ///
    /// It may be called again after a [temporary][SourceException#temporary()] failure.
    ///
    /// @throws SourceException when an operator must act first, or the database is not available yet
    ///
    /// @param supervisor supervises the thread that reads
    void start(ChangeListener listener, Supervisor supervisor) throws SourceException;

    /// Starts with a supervisor of its own, which [#close()] closes.
    void start(ChangeListener listener) throws SourceException;

    /// Must be called before the supervisor is closed. Then only [#close()] ends the thread that reads.
    void expectEnd();

    /// Returns the current state.
    SourceState state();

    /// Returns what the source has done so far.
    Activity activity();

    /// Returns the publications that are being read; none before the start.
    List<String> publications();

    /// Closes the connections of the current reading, whatever it waits for, and continues from the slot, as
    /// after a lost connection. Does nothing when there is no reading. Does not wait.
    ///
    /// @param reason is logged
    void restart(String reason);

    /// What a source has done so far.
    ///
    /// @param reached    everything that was committed before this position has been received
    /// @param records    a count that grows with everything that the database sends
    /// @param delivering whether the listener is processing a transaction
    /// @param readings   how many readings have begun
    record Activity(Lsn reached, long records, boolean delivering, long readings, Reading reading) {}

    /// How far a reading is. A reading lasts from its first connection to the end of its last one.
    enum Reading {
        /// There is no reading: the source is not started, checks the database, waits before its next attempt,
        /// or has stopped.
        NONE,
        /// The database has sent no part of the log yet.
        OPENING,
        /// The database has sent some of the log over the connection of this reading.
        RECEIVING
    }

    /// Stores, across restarts, that everything up to a position was delivered. The stored position never goes
    /// back. Must be called before a deferred transaction is acknowledged, so that everything acknowledged is
    /// also stored. Blocks.
    ///
    /// @throws SourceException when the database cannot be asked; a later attempt may succeed
    Log remember(Lsn delivered) throws SourceException;

    /// The database's log at one moment.
    ///
    /// @param end          where it ends
    /// @param slotBytesMax how many bytes of the log a slot may keep before Postgres invalidates it;
    ///                     [Long#MAX_VALUE] when there is no limit
    record Log(Lsn end, long slotBytesMax) {}

    /// Stops after the current transaction. Waits for it for at most ten seconds.
    @Override
    void close();
}
