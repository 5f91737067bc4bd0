package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.ObservedTask;
import dev.walcast.cdc.supervisor.TaskActivity;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Accepts connections while it runs. A shortage of descriptors is logged once. The listener then closes a descriptor
/// that it keeps in reserve, accepts a waiting client with it and closes that connection, so that the client does not
/// wait in vain.
final class Listener implements ObservedTask {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final int BACKLOG = 1024;
    private static final long PAUSE_MILLIS = 50;

    /// A shortage is logged again after it has been over for this long.
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

    /// Receives the accepted connections.
    interface Reception {
        /// Takes a connection over.
        void accepted(SocketChannel channel) throws IOException;

        /// Closes connections that can be given up.
        ///
        /// @return whether there were any
        boolean makeRoom();
    }

    private final InetSocketAddress wanted;
    private final Reception reception;
    private final AtomicLong shortNanos = new AtomicLong(System.nanoTime() - QUIET_NANOS);
    private volatile @Nullable ServerSocketChannel server;
    private volatile @Nullable SocketChannel spare;
    private volatile int port;

    Listener(InetSocketAddress wanted, Reception reception) {
        this.wanted = requireNonNull(wanted, "wanted is null");
        this.reception = requireNonNull(reception, "reception is null");
        this.port = wanted.getPort();
    }

    /// Binds the port. Does nothing when it is bound.
    void bind() throws IOException {
        ServerSocketChannel current = server;
        if (current != null && current.isOpen()) {
            return;
        }
        ServerSocketChannel fresh = ServerSocketChannel.open();
        boolean bound = false;
        try {
            fresh.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            fresh.bind(new InetSocketAddress(wanted.getAddress(), port), BACKLOG);
            port = fresh.socket().getLocalPort();
            server = fresh;
            bound = true;
        } finally {
            if (!bound) {
                fresh.close();
            }
        }
    }

    int port() {
        return port;
    }

    @Override
    public void run(TaskActivity activity) throws InterruptedException {
        while (true) {
            activity.beat();
            try {
                bind();
                keepSpare();
                accept(requireNonNull(server, "not bound"), activity);
            } catch (ClosedChannelException _) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                Thread.sleep(PAUSE_MILLIS);
            } catch (IOException e) {
                handleShortage(e);
            }
        }
    }

    private void accept(ServerSocketChannel from, TaskActivity activity) throws IOException {
        SocketChannel channel;
        try (TaskActivity.Span _ = activity.waits()) {
            channel = from.accept();
        }
        if (channel == null) {
            from.configureBlocking(true);
            return;
        }
        boolean taken = false;
        try {
            reception.accepted(channel);
            taken = true;
        } catch (IOException _) {
            LOG.trace("a connection ended before it began");
        } finally {
            if (!taken) {
                closeQuietly(channel);
            }
        }
    }

    /// Handles a failed accept. Usually no descriptor is free, and waiting clients would wait until they time out.
    private void handleShortage(IOException failure) throws InterruptedException {
        long now = System.nanoTime();
        if (now - shortNanos.getAndSet(now) > QUIET_NANOS) {
            LOG.error(
                    "Connections cannot be accepted ({}); clients are disconnected meanwhile. If file descriptors are"
                            + " exhausted, raise their limit (ulimit -n) or lower MAX_CONNECTIONS.",
                    failure.getMessage());
        }
        if (!reception.makeRoom()) {
            disconnectOne();
        }
        Thread.sleep(PAUSE_MILLIS);
    }

    private void disconnectOne() {
        SocketChannel given = spare;
        ServerSocketChannel from = server;
        spare = null;
        if (given == null || from == null) {
            return;
        }
        closeQuietly(given);
        try {
            from.configureBlocking(false);
            try {
                closeQuietly(from.accept());
            } finally {
                from.configureBlocking(true);
            }
        } catch (IOException _) {
            LOG.trace("the client could not be disconnected");
        }
    }

    private void keepSpare() throws IOException {
        if (spare == null) {
            spare = SocketChannel.open();
        }
    }

    /// Closes the port.
    void close() {
        ServerSocketChannel current = server;
        SocketChannel given = spare;
        spare = null;
        closeQuietly(current);
        closeQuietly(given);
    }

    static void closeQuietly(java.nio.channels.@Nullable Channel channel) {
        if (channel == null) {
            return;
        }
        try {
            channel.close();
        } catch (IOException _) {
            LOG.trace("a channel did not close");
        }
    }
}
