package dev.walcast.server.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Closes what a command has opened, in reverse order, when the command ends or on SIGINT or SIGTERM.
final class CloseStack implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CloseStack.class);

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private boolean closed;

    private CloseStack() {}

    static CloseStack closedOnSignal() {
        CloseStack opened = new CloseStack();
        Runtime.getRuntime().addShutdownHook(new Thread(opened::close, "shutdown"));
        return opened;
    }

    /// Adds an object to close. When closing has begun, it is closed at once.
    synchronized void add(AutoCloseable closeable) {
        if (closed) {
            close(closeable);
        } else {
            opened.push(closeable);
        }
    }

    /// Whether closing has begun; waits until it has ended.
    synchronized boolean isClosed() {
        return closed;
    }

    /// Waits for a signal. The JVM ends while this waits.
    static void awaitSignal() throws InterruptedException {
        new CountDownLatch(1).await();
    }

    @Override
    public synchronized void close() {
        closed = true;
        while (!opened.isEmpty()) {
            close(opened.pop());
        }
    }

    private static void close(AutoCloseable closeable) {
        try {
            closeable.close();
        } catch (Exception e) {
            log.warn("Not closed cleanly: {}", e.toString());
        }
    }
}
