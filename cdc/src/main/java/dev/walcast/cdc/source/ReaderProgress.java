package dev.walcast.cdc.source;

import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.supervisor.TaskActivity;
import java.util.concurrent.atomic.AtomicLong;

/// Records the progress of the reader, across its readings. Safe for any thread.
final class ReaderProgress {
    private final AtomicLong records = new AtomicLong();
    private volatile boolean delivering;
    private volatile TaskActivity activity = TaskActivity.unwatched();

    /// Readings are counted from 1; 0 is none.
    private final AtomicLong readings = new AtomicLong();

    private volatile long open;
    private volatile long heard;

    /// @param running the activity of the thread that reads from now on
    void begin(TaskActivity running) {
        activity = running;
    }

    /// Records that the listener got another change.
    void delivered() {
        activity.beat();
    }

    /// Begins a reading.
    ///
    /// @return the reading's number
    long open() {
        long number = readings.incrementAndGet();
        open = number;
        return number;
    }

    void close() {
        open = 0;
    }

    /// Records that Postgres has sent something.
    ///
    /// @param reading the number of the reading that received it
    void sawRecord(long reading) {
        heard = reading;
        records.incrementAndGet();
    }

    long records() {
        return records.get();
    }

    /// Returns how many readings have begun.
    long readings() {
        return readings.get();
    }

    ChangeSource.Reading reading() {
        long now = open;
        if (now == 0) {
            return ChangeSource.Reading.NONE;
        }
        return now == heard ? ChangeSource.Reading.RECEIVING : ChangeSource.Reading.OPENING;
    }

    boolean isDelivering() {
        return delivering;
    }

    /// Runs the delivery of a transaction to the listener.
    void whileDelivering(Runnable delivery) {
        delivering = true;
        try (TaskActivity.Span _ = activity.works()) {
            delivery.run();
        } finally {
            delivering = false;
        }
    }
}
