package dev.walcast.server.rest;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Interrupts threads whose request bodies take too long to arrive.
///
/// The executor's thread only interrupts others. It is not supervised: the executor replaces it with the next alarm,
/// and no alarm can end it.
final class BodyAlarms implements AutoCloseable {
    private final ScheduledThreadPoolExecutor clock = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("rest-alarms").factory());

    BodyAlarms() {
        clock.setRemoveOnCancelPolicy(true);
        boolean _ = clock.prestartCoreThread();
    }

    /// Sets an alarm for the calling thread.
    Alarm set(Duration after) {
        return new Alarm(after);
    }

    @Override
    public void close() {
        clock.shutdownNow();
    }

    /// Interrupts the thread that created it, unless it is closed in time. A virtual thread that reads from a socket
    /// then loses the socket.
    final class Alarm implements AutoCloseable {
        private final Thread reader = Thread.currentThread();
        private final Future<?> ringing;
        private boolean inTime;

        private Alarm(Duration after) {
            ringing = clock.schedule(this::ring, after.toNanos(), TimeUnit.NANOSECONDS);
        }

        private synchronized void ring() {
            if (!inTime) {
                reader.interrupt();
            }
        }

        @Override
        public synchronized void close() {
            inTime = true;
            ringing.cancel(false);
        }
    }
}
