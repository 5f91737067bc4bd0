package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.server.frames.FrameReader;
import dev.walcast.server.frames.Inbound;
import dev.walcast.server.frames.InboundPace;
import dev.walcast.server.frames.InvalidFrameException;
import dev.walcast.server.frames.MessageBuffer;
import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.spi.ServerConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One open socket. Helidon's connection thread reads and dispatches, a [SocketWriter] writes, and the [Watch]
/// enforces timeouts. However the socket ends, [#handle] returns, the listener is called once, and Helidon closes the
/// connection.
final class Connection implements ServerConnection, Watched {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /// The memory of a socket without channels: its threads' stacks, buffers and objects. Measured: see
    /// `docs/sizing.md`.
    private static final long SEAT_BYTES = 24 * 1024;

    /// How long a client that is disconnected may take to read the reason.
    private static final Duration GOODBYE = Duration.ofMillis(500);

    private final WebSockets owner;
    private final HelidonSocket socket;
    private final Upgrade upgrade;
    private final SocketLimits limits;
    private final SocketStats stats;
    private final Outbox outbox;
    private final SocketWriter writer;
    private final MemoryAccount memory;
    private final MessageBuffer message;

    private final InboundPace pace;
    private final ConnectionInput input;

    /// Used by the watch's thread only.
    private long pingedNanos = System.nanoTime();

    Connection(WebSockets owner, HelidonSocket socket, Upgrade upgrade) {
        this.owner = requireNonNull(owner, "owner is null");
        this.socket = requireNonNull(socket, "socket is null");
        this.upgrade = requireNonNull(upgrade, "upgrade is null");
        this.limits = owner.limits();
        this.stats = owner.stats();
        this.memory = owner.memory().prepare(this::freeMemory);
        this.message = new MessageBuffer(memory);
        this.writer = new SocketWriter(limits.outboxBytesMax(), memory, socket, stats, owner.writers());
        this.outbox = writer.outbox();
        this.pace = InboundPace.of(limits);
        this.input = new ConnectionInput(upgrade.input(), pace);
    }

    @Override
    public void handle(Limit limit) throws InterruptedException {
        if (!memory.takeSeat(SEAT_BYTES)) {
            refuse(limit);
            return;
        }
        try {
            upgrade.connection().upgraded();
            serve();
        } finally {
            outbox.kill(CloseReason.DISCONNECTED);
            writer.interrupt();
            memory.close();
        }
    }

    private void refuse(Limit limit) throws InterruptedException {
        stats.countRefused();
        upgrade.connection().refused();
        Refusal refusal = ErrorCode.MEMORY_EXHAUSTED.refusal();
        int status = refusal.code().status().orElseThrow();
        new RefusedConnection(
                        socket,
                        new SocketAdmission.Admission.Refused(
                                status, refusal.upgradeBody(), limits.upgradeRefusalDelay()))
                .handle(limit);
    }

    private void serve() throws InterruptedException {
        upgrade.confirm(socket);
        SocketListener listener = open();
        stats.countOpened();
        try {
            owner.opened(this);
            read(listener);
            writer.awaitEnd(limits.closeTimeout());
        } finally {
            outbox.kill(CloseReason.DISCONNECTED);
            writer.interrupt();
            owner.closed(this);
            stats.countClosed(outbox.reason());
            listener.onClosed(outbox.reason());
        }
    }

    /// Opens the listener. A failure is reported over the socket, because the upgrade is already answered.
    private SocketListener open() throws InterruptedException {
        try {
            return upgrade.opener().open(outbox);
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("Socket {} could not be opened", socket.childSocketId(), e);
            outbox.abort(CloseReason.INTERNAL_ERROR);
            writer.awaitEnd(limits.closeTimeout());
            throw new CloseConnectionException("the socket could not be opened", e);
        }
    }

    @Override
    public Duration idleTime() {
        return Duration.ofNanos(System.nanoTime() - input.heardNanos());
    }

    /// Called by Helidon when the server stops.
    @Override
    public void close(boolean interrupt) {
        close(CloseReason.DRAINING);
    }

    void close(CloseReason reason) {
        outbox.close(reason);
    }

    /// Called when this client holds most and the server runs short of memory. The goodbye gets a moment to be sent.
    /// The memory of the channels is freed when the connection is cut.
    private void freeMemory() {
        outbox.abort(CloseReason.MEMORY);
        message.forget();
        Thread.ofVirtual().name("cut-" + socket.childSocketId()).start(() -> {
            try {
                writer.awaitEnd(GOODBYE);
                cut();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        });
    }

    /// Cuts the connection, with or without the goodbye.
    void cut() {
        outbox.kill(CloseReason.DISCONNECTED);
        writer.interrupt();
        Thread.ofVirtual().name("cut-" + socket.childSocketId()).start(() -> Sockets.closeQuietly(socket));
    }

    @Override
    public void check(long nowNanos) {
        long heardNanos = input.heardNanos();
        if (isOver(writer.writingSinceNanos(), limits.writeTimeout(), nowNanos)) {
            outbox.kill(CloseReason.WRITE_TIMEOUT);
            writer.interrupt();
        } else if (isOver(outbox.closingSinceNanos(), limits.closeTimeout(), nowNanos)) {
            cut();
        } else if (nowNanos - heardNanos > limits.idleTimeout().toNanos()) {
            outbox.close(CloseReason.IDLE);
        } else if (nowNanos - Math.max(heardNanos, pingedNanos)
                > limits.idleTimeout().toNanos() / 2) {
            pingedNanos = nowNanos;
            outbox.offer(Outgoing.ping());
        }
    }

    private static boolean isOver(Optional<Long> sinceNanos, Duration limit, long nowNanos) {
        return sinceNanos.isPresent() && nowNanos - sinceNanos.get() > limit.toNanos();
    }

    private void read(SocketListener listener) {
        try {
            readAll(listener);
        } catch (InvalidFrameException e) {
            outbox.abort(e.reason());
            discardRest();
        } catch (IOException | RuntimeException e) {
            LOG.error("Socket {} failed", socket.childSocketId(), e);
            outbox.abort(CloseReason.INTERNAL_ERROR);
            discardRest();
        }
    }

    private void readAll(SocketListener listener) throws IOException {
        FrameReader frames = new FrameReader(
                input,
                Math.min(limits.messageBytesMax(), listener.messageBytesMax()),
                message,
                pace,
                listener.earlyLook());
        try {
            boolean more = true;
            while (more) {
                Inbound inbound = frames.next();
                long startNanos = System.nanoTime();
                more = dispatch(inbound, listener);
                pace.worked(System.nanoTime() - startNanos);
            }
        } finally {
            message.forget();
            message.release();
        }
    }

    /// Whether there is more to read.
    private boolean dispatch(Inbound inbound, SocketListener listener) {
        return switch (inbound) {
            case Inbound.Text(byte[] utf8) -> {
                stats.countIn(utf8.length);
                if (outbox.isOpen()) {
                    listener.onText(utf8);
                }
                yield true;
            }
            case Inbound.TooLarge(byte[] beginning, byte[] end, int bytes) -> {
                stats.countIn(bytes);
                if (outbox.isOpen()) {
                    listener.onTooLarge(beginning, end, bytes);
                }
                yield true;
            }
            case Inbound.Binary(byte[] bytes) -> {
                stats.countIn(bytes.length);
                if (outbox.isOpen()) {
                    listener.onBinary(bytes);
                }
                yield true;
            }
            case Inbound.Ping(byte[] payload) -> {
                stats.countIn(payload.length);
                outbox.offerPong(payload);
                yield true;
            }
            case Inbound.Pong _ -> {
                stats.countIn(0);
                yield true;
            }
            case Inbound.Close(byte[] echo) -> {
                outbox.closeWith(Outgoing.closeEcho(echo), CloseReason.CLIENT_CLOSED);
                yield false;
            }
            case Inbound.End _ -> {
                outbox.kill(CloseReason.DISCONNECTED);
                writer.interrupt();
                yield false;
            }
        };
    }

    /// Reads and drops what the client still sends: unread bytes would reset the connection before the client reads
    /// the goodbye. The watch ends this if the client does not.
    private void discardRest() {
        byte[] ignored = new byte[8 * 1024];
        int n = 0;
        while (n >= 0) {
            input.count();
            n = input.read(ignored, 0, ignored.length);
        }
    }
}
