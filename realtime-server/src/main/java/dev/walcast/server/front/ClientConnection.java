package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.http.Framing;
import dev.walcast.server.http.RefusedRequestException;
import dev.walcast.server.http.RequestBytes;
import dev.walcast.server.http.RequestHead;
import dev.walcast.server.http.ResponseBytes;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.socket.UpgradeListener;
import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.Router;
import io.helidon.webserver.spi.ServerConnection;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One connection, from accept to close. Its own thread reads, answers and writes. The [HttpFront] enforces its
/// timeouts.
final class ClientConnection implements ConnectionContext, UpgradeListener, RequestBytes.Progress, Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
    private static final long LINGER_NANOS = 2_000_000_000L;
    private static final long LINGER_BYTES_MAX = 1 << 20;

    /// Longer than any route waits for a body.
    private static final long BODY_NANOS = 75_000_000_000L;

    private static final long NEVER = Long.MAX_VALUE;

    private final ClientSocket socket;
    private final InetAddress peer;
    private final Supplier<HttpEngine> engines;
    private final FrontLimits limits;
    private final ConnectionPlaces places;
    private final RequestBytes requests;
    private final ResponseBytes answers;

    private volatile PeerInfo remote;
    private volatile ConnectionPhase phase = ConnectionPhase.HEAD;
    private volatile boolean blocked;
    private volatile long blockedSinceNanos;
    private volatile long deadlineNanos;
    private volatile long writingSinceNanos;
    private volatile boolean stopping;

    /// Whether the client has ended its output. For the connection's own thread.
    private boolean hasEnded;

    // The engine in use. Changes between two requests, by the connection's own thread.
    private volatile HttpEngine engine;
    private DataReader reader;

    private volatile @Nullable ServerConnection http;

    /// @param engines supplies the current engine
    ClientConnection(
            ClientSocket socket,
            InetAddress peer,
            Supplier<HttpEngine> engines,
            FrontLimits limits,
            ConnectionPlaces places) {
        this.socket = requireNonNull(socket, "socket is null");
        this.peer = requireNonNull(peer, "peer is null");
        this.engines = requireNonNull(engines, "engines is null");
        this.engine = engines.get();
        this.limits = requireNonNull(limits, "limits is null");
        this.places = requireNonNull(places, "places is null");
        this.requests = new RequestBytes(this::receive, this);
        this.answers = new ResponseBytes(this::transmit, requests::endAfterThis);
        this.reader = new UnchainedReader(requests);
        this.remote = socket.remotePeer();
        this.deadlineNanos = System.nanoTime() + limits.requestTimeout().toNanos();
    }

    @Override
    public void run() {
        try {
            answerRequests();
            while (requests.isHolding()) {
                engine = engines.get();
                reader = new UnchainedReader(requests);
                answerRequests();
            }
        } catch (CloseConnectionException | UncheckedIOException _) {
            LOG.trace("a connection ended");
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            LOG.warn("A connection ended with a failure", e);
        } finally {
            try {
                linger();
            } finally {
                end();
            }
        }
    }

    /// Runs until the connection ends, or a request arrives that another engine answers.
    private void answerRequests() throws InterruptedException {
        try {
            ServerConnection connection = engine.connection(this);
            http = connection;
            connection.handle(engine.requestLimit());
        } catch (CloseConnectionException e) {
            if (!requests.isHolding()) {
                throw e;
            }
        }
    }

    private byte @Nullable [] receive() {
        byte[] bytes = null;
        try {
            bytes = socket.get();
        } catch (UncheckedIOException _) {
            LOG.trace("a connection broke");
        }
        hasEnded = bytes == null;
        return bytes;
    }

    private void transmit(BufferData bytes) {
        writingSinceNanos = Math.max(1, System.nanoTime());
        try {
            socket.write(bytes);
        } finally {
            writingSinceNanos = 0;
        }
    }

    @Override
    public boolean awaitsRequest() {
        if (phase == ConnectionPhase.REQUEST) {
            deadlineNanos = System.nanoTime() + limits.keepAlive().toNanos();
            phase = ConnectionPhase.HEAD;
            places.idle(this);
        }
        return !stopping;
    }

    @Override
    public void requestBegins() {
        deadlineNanos = System.nanoTime() + limits.requestTimeout().toNanos();
    }

    @Override
    public void requested(RequestHead head) throws RefusedRequestException {
        answers.answers(head);
        InetAddress client = limits.proxies().client(peer, head);
        places.request(this, head, client);
        remote = client.equals(peer) ? socket.remotePeer() : Peer.forwarded(client);
        deadlineNanos = head.framing() instanceof Framing.None ? NEVER : System.nanoTime() + BODY_NANOS;
        phase = ConnectionPhase.REQUEST;
    }

    @Override
    public boolean isAnsweredHere() {
        return !engine.isOutdated();
    }

    @Override
    public void bodyEnds() {
        deadlineNanos = NEVER;
    }

    @Override
    public void blocked(boolean now) {
        if (phase != ConnectionPhase.UPGRADED && blocked != now) {
            blockedSinceNanos = System.nanoTime();
            blocked = now;
            places.waiting(now);
        }
    }

    @Override
    public void upgraded() {
        blocked(false);
        phase = ConnectionPhase.UPGRADED;
        deadlineNanos = NEVER;
        requests.upgraded();
    }

    @Override
    public void refused() {
        blocked(true);
    }

    /// Sends the refusal, unless a route has begun to answer.
    @Override
    public void refused(RefusedRequestException refused) {
        boolean isFirst = !(phase == ConnectionPhase.REQUEST && answers.hasBegun());
        try {
            if (isFirst) {
                transmit(BufferData.create(answer(refused.refusal())));
            }
        } catch (UncheckedIOException _) {
            LOG.trace("a client did not wait for its refusal");
        }
        answers.mute();
    }

    private static byte[] answer(Refusal refusal) {
        Status status = Status.create(refusal.code().status().orElseThrow());
        byte[] body = refusal.json().getBytes(UTF_8);
        String allow = refusal.code() == ErrorCode.REQUEST_METHOD ? "Allow: GET, HEAD, POST, OPTIONS\r\n" : "";
        return ("HTTP/1.1 " + status.codeText() + " " + status.reasonPhrase() + "\r\n" + allow
                        + "Content-Type: application/json; charset=utf-8\r\nCache-Control: no-store\r\n"
                        + "Access-Control-Allow-Origin: *\r\nContent-Length: "
                        + body.length + "\r\nConnection: close\r\n\r\n" + refusal.json())
                .getBytes(UTF_8);
    }

    /// Reads and drops what the client still sends: unread bytes would reset the connection before the client reads
    /// the last answer.
    private void linger() {
        if (phase == ConnectionPhase.UPGRADED || hasEnded) {
            return;
        }
        deadlineNanos = System.nanoTime() + LINGER_NANOS;
        socket.endOutput();
        long count = 0;
        blocked(true);
        for (byte[] some = receive(); some != null && count < LINGER_BYTES_MAX; some = receive()) {
            count += some.length;
        }
    }

    /// The time at which the connection began to wait for its client. Only a waiting connection may be closed for
    /// another.
    ///
    /// @return [Long#MAX_VALUE] when it does not wait
    long waitingSinceNanos() {
        return blocked ? blockedSinceNanos : NEVER;
    }

    InetAddress peer() {
        return peer;
    }

    /// Cuts the connection when a timeout has passed.
    void check(long nowNanos) {
        long deadline = deadlineNanos;
        long writing = writingSinceNanos;
        boolean isLate = deadline != NEVER && nowNanos - deadline > 0;
        if (isLate
                || (writing != 0 && nowNanos - writing > limits.writeTimeout().toNanos())) {
            cut();
        }
    }

    /// Ends the connection after the request that is being answered.
    void stop() {
        stopping = true;
        ServerConnection connection = http;
        if (phase == ConnectionPhase.UPGRADED && connection != null) {
            connection.close(false);
        } else if (blocked && phase == ConnectionPhase.HEAD) {
            cut();
        }
    }

    /// Ends the connection now, in any state. Its thread notices.
    void cut() {
        places.leave(this);
        socket.close();
    }

    /// Called when the connection got a place. It counts as waiting until its thread has read something.
    void entered() {
        blocked(true);
    }

    void end() {
        blocked(false);
        cut();
    }

    @Override
    public ListenerContext listenerContext() {
        return engine.context();
    }

    @Override
    public ExecutorService executor() {
        return engine.context().executor();
    }

    @Override
    public DataWriter dataWriter() {
        return answers;
    }

    @Override
    public DataReader dataReader() {
        return reader;
    }

    @Override
    public Router router() {
        return engine.router();
    }

    @Override
    public HelidonSocket serverSocket() {
        return socket;
    }

    /// The client's address, as named by trusted proxies.
    @Override
    public PeerInfo remotePeer() {
        return remote;
    }

    @Override
    public PeerInfo localPeer() {
        return socket.localPeer();
    }

    @Override
    public boolean isSecure() {
        return socket.isSecure();
    }

    @Override
    public String socketId() {
        return socket.socketId();
    }

    @Override
    public String childSocketId() {
        return socket.childSocketId();
    }
}
