package dev.walcast.cdc.source;

import java.util.concurrent.atomic.AtomicLong;

/// That the reader moves, for whoever watches it; outlives a connection.
final class Progress {
    private final AtomicLong records = new AtomicLong();
    private volatile boolean delivering;

    void sawRecord() {
        records.incrementAndGet();
    }

    long records() {
        return records.get();
    }

    boolean isDelivering() {
        return delivering;
    }

    /// Runs what hands a transaction to the listener.
    void whileDelivering(Runnable delivery) {
        delivering = true;
        try {
            delivery.run();
        } finally {
            delivering = false;
        }
    }
}
