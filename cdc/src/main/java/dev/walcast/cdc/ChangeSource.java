package dev.walcast.cdc;

import dev.walcast.cdc.supervisor.Supervisor;
import java.util.List;

/// A feed of committed changes: the slot today, a stream fed by another node tomorrow.
public interface ChangeSource extends AutoCloseable {
    /// Checks the database, makes sure that the slot exists, and begins to deliver on a thread of its own.
    /// Returns when the slot exists: what is committed after that is delivered.
    ///
    /// After a [temporary][SourceException#temporary()] failure it may be called again.
    ///
    /// @throws SourceException when an operator has to act first, or the database cannot be had yet
    ///
    /// @param supervisor of the thread that reads
    void start(ChangeListener listener, Supervisor supervisor) throws SourceException;

    /// The same with a supervisor of its own, which [#close()] closes.
    void start(ChangeListener listener) throws SourceException;

    /// To be called before the supervisor is closed: the thread that reads is then ended by [#close()] alone.
    void expectEnd();

    SourceState state();

    Activity activity();

    /// The publications that are being read; none before the start.
    List<String> publications();

    /// Breaks the connections of the reading that goes on, whatever it waits for, and goes on from the slot, as after a
    /// lost connection. Does nothing while there is no reading. Does not wait.
    ///
    /// @param reason for the log
    void restart(String reason);

    /// What a source has done so far.
    ///
    /// @param reached    up to where everything that was committed has been received
    /// @param records    a count that grows with whatever the database sends
    /// @param delivering whether the listener is at work on a transaction
    /// @param readings   how often it began to read
    record Activity(Lsn reached, long records, boolean delivering, long readings, Reading reading) {}

    /// How far a reading is: from its first connection to the end of its last.
    enum Reading {
        /// There is none: the source is not started, checks the database, waits before it tries again, or has stopped.
        NONE,
        /// The database has sent no part of the log yet.
        OPENING,
        /// The database has sent some of the log over the connection of this reading.
        RECEIVING
    }

    /// Remembers, across restarts, that everything up to here was delivered; never goes back. To be called before a
    /// deferred transaction is acknowledged, so that what is acknowledged is always remembered. Blocks.
    ///
    /// @throws SourceException when the database cannot be asked; trying again may help
    Log remember(Lsn delivered) throws SourceException;

    /// The database's log now.
    ///
    /// @param end          where it ends
    /// @param slotBytesMax how much of it a slot may keep before it is lost; very much where there is no limit
    record Log(Lsn end, long slotBytesMax) {}

    /// Stops after the transaction at hand. Waits for it, at most ten seconds.
    @Override
    void close();
}
