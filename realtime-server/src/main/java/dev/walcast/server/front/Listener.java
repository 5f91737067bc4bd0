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

/// Accepts connections for as long as it runs. A shortage of descriptors is logged once and passes: it gives one up
/// that it keeps for this, so that callers are at least sent away.
final class Listener implements ObservedTask {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final int BACKLOG = 1024;
    private static final long PAUSE_MILLIS = 50;

    /// A shortage that has been over for this long is logged again.
    private static final long QUIET_NANOS = TimeUnit.MINUTES.toNanos(1);

    /// What becomes of connections.
    interface Reception {
        /// Takes a connection over.
        void accepted(SocketChannel channel) throws IOException;

        /// Closes some that can be given up.
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

    /// Takes the port; harmless when it has it.
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
                shortage(e);
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

    /// Most often there is no descriptor left. The callers that wait would wait until they give up.
    private void shortage(IOException failure) throws InterruptedException {
        long now = System.nanoTime();
        if (now - shortNanos.getAndSet(now) > QUIET_NANOS) {
            LOG.error(
                    "Connections cannot be accepted ({}); callers are sent away until that has passed. If it is for"
                            + " want of file descriptors, raise their limit (ulimit -n) or lower MAX_CONNECTIONS.",
                    failure.getMessage());
        }
        if (!reception.makeRoom()) {
            sendOneAway();
        }
        Thread.sleep(PAUSE_MILLIS);
    }

    private void sendOneAway() {
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
            LOG.trace("the caller could not be sent away");
        }
    }

    private void keepSpare() throws IOException {
        if (spare == null) {
            spare = SocketChannel.open();
        }
    }

    /// Gives the port back.
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
