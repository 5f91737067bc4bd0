package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.MessageSink;
import dev.walcast.server.channel.Session;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundMessage;
import dev.walcast.server.socket.InboundReader.Inbound;
import dev.walcast.server.socket.InboundReader.ViolationException;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.spi.ServerConnection;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's connection. Helidon's virtual thread reads; one virtual thread of our own is the only one that writes,
/// several queued frames with one write.
///
/// Whoever ends the connection first gives the reason. However it ends, the session hears of it once, from the reader.
final class WebSocketConnection implements ServerConnection, MessageSink {
    private static final Logger log = LoggerFactory.getLogger(WebSocketConnection.class);

    /// Enough for a socket's send buffer; more only delays the first byte.
    private static final int WRITE_BYTES = 64 * 1024;

    /// How long a client may take to answer our close frame.
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    private final ConnectionContext context;
    private final SocketLimits limits;
    private final SocketRegistry registry;
    private final InboundReader reader;
    private final Outbox outbox;
    private final Session session;
    private final AtomicReference<@Nullable CloseReason> reason = new AtomicReference<>();

    private volatile @Nullable Thread writer;
    /// In nanoseconds; read by the registry's sweep.
    private volatile long lastInboundAt = System.nanoTime();

    private volatile boolean pinged;
    /// When the write under way began; 0 when there is none.
    private volatile long writingSince;
    /// When our close frame was queued; 0 before.
    private volatile long closingSince;

    WebSocketConnection(
            ConnectionContext context,
            SocketLimits limits,
            SocketRegistry registry,
            Function<MessageSink, Session> sessions) {
        this.context = requireNonNull(context, "context is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.registry = requireNonNull(registry, "registry is null");
        this.reader = new InboundReader(context.dataReader(), limits.messageBytesMax());
        this.outbox = new Outbox(limits.outboxBytesMax());
        this.session = sessions.apply(this);
    }

    Session session() {
        return session;
    }

    // Reading

    @Override
    public void handle(Limit limit) {
        registry.add(this);
        writer = Thread.ofVirtual().name("socket-writer").start(this::write);
        try {
            read();
        } catch (ViolationException e) {
            close(e.reason());
            discardUntilClientLeaves();
        } catch (RuntimeException e) {
            log.trace("The connection is lost", e);
        } finally {
            end();
        }
    }

    private void read() throws ViolationException {
        while (true) {
            Inbound inbound = reader.next();
            lastInboundAt = System.nanoTime();
            pinged = false;
            switch (inbound.opCode()) {
                case OpCode.TEXT -> onText(inbound.text());
                case OpCode.BINARY -> onBinary(inbound.payload());
                case OpCode.PING -> outbox.offer(OutboundFrame.pong(inbound.payload()));
                case OpCode.CLOSE -> {
                    close(CloseReason.CLIENT_LEFT);
                    awaitWriter();
                    return;
                }
                default -> {
                    // A pong has already done its work: the client is there.
                }
            }
        }
    }

    private void onText(String text) {
        registry.counters().countMessageIn();
        try {
            session.onText(text);
        } catch (RuntimeException e) {
            log.error("A message could not be handled; it is dropped", e);
        }
    }

    private void onBinary(byte[] bytes) {
        registry.counters().countMessageIn();
        try {
            session.onBinary(bytes);
        } catch (RuntimeException e) {
            log.error("A binary message could not be handled; it is dropped", e);
        }
    }

    /// Lets the client see our close frame instead of the reset that unread input would cause. Ends with the client's
    /// connection, or by the registry's sweep.
    private void discardUntilClientLeaves() {
        try {
            while (true) {
                context.dataReader().ensureAvailable();
                context.dataReader().skip(context.dataReader().available());
            }
        } catch (RuntimeException e) {
            log.trace("The client has left", e);
        }
    }

    private void awaitWriter() {
        Thread thread = writer;
        try {
            if (thread != null) {
                thread.join(CLOSE_TIMEOUT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void end() {
        reason.compareAndSet(null, CloseReason.CONNECTION_LOST);
        outbox.close();
        Thread thread = writer;
        if (thread != null) {
            thread.interrupt();
        }
        session.onClosed();
        registry.remove(this, requireNonNull(reason.get()));
    }

    // Writing

    private void write() {
        try {
            for (Outbox.Batch batch = outbox.take(WRITE_BYTES); batch != null; batch = outbox.take(WRITE_BYTES)) {
                byte[] bytes = batch.toBytes();
                writingSince = System.nanoTime();
                context.dataWriter().writeNow(BufferData.create(bytes));
                writingSince = 0;
                registry.counters().countWrite(batch.count(), bytes.length);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.trace("The connection is lost while writing", e);
            outbox.close();
            closeSocket();
        }
    }

    @Override
    public void offer(OutboundMessage message) {
        if (outbox.offer(OutboundFrame.of(message)) == Outbox.Offer.FULL) {
            close(CloseReason.SLOW_CONSUMER, true);
        }
    }

    @Override
    public void close(CloseReason why) {
        close(why, false);
    }

    private void close(CloseReason why, boolean discardQueued) {
        reason.compareAndSet(null, why);
        if (outbox.closeWith(OutboundFrame.close(why), discardQueued)) {
            closingSince = System.nanoTime();
        }
    }

    // Sweeping

    /// Called every second by the registry: ends what is stuck, pings what is silent.
    void sweep(long now) {
        if (isLongerThan(limits.writeTimeout(), writingSince, now)) {
            reason.compareAndSet(null, CloseReason.WRITE_TIMEOUT);
            abort();
        } else if (isLongerThan(CLOSE_TIMEOUT, closingSince, now)) {
            abort();
        } else if (now - lastInboundAt > limits.idleTimeout().toNanos()) {
            close(CloseReason.IDLE);
        } else if (!pinged && now - lastInboundAt > limits.idleTimeout().toNanos() / 2) {
            pinged = true;
            outbox.offer(OutboundFrame.ping());
        }
    }

    private static boolean isLongerThan(Duration limit, long since, long now) {
        return since != 0 && now - since > limit.toNanos();
    }

    /// Ends a connection that no longer answers: a write under way is interrupted, the socket closed.
    private void abort() {
        outbox.close();
        Thread thread = writer;
        if (thread != null) {
            thread.interrupt();
        }
        closeSocket();
    }

    private void closeSocket() {
        try {
            context.serverSocket().close();
        } catch (RuntimeException e) {
            log.trace("The socket was closed already", e);
        }
    }

    /// Idle connections are ours to end.
    @Override
    public Duration idleTime() {
        return Duration.ZERO;
    }

    @Override
    public void close(boolean interrupt) {
        abort();
    }
}
