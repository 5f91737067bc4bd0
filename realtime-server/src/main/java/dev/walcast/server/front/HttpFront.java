package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.EndAction;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervised;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.ThreadStarter;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.spi.Http1Upgrader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The server's port. Accepts connections, limits them, enforces their timeouts, and hands requests to the routes
/// once they are known to be unambiguous.
///
/// The routes can be replaced while it runs. To stop: [#close].
public final class HttpFront implements AutoCloseable {
    private static final long LOOK_MILLIS_MAX = 500;
    private static final int ENTER_TRIES = 5;
    private static final long ENTER_PAUSE_MILLIS = 25;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(1);

    private final String name;
    private final FrontLimits limits;
    private final Supervisor supervisor;
    private final ConnectionPlaces places;
    private final Listener listener;
    private final List<HttpEngine> engines = new ArrayList<>();
    private final List<Supervised> tasks = new ArrayList<>();
    private final Periodic watch;
    private final AtomicLong accepted = new AtomicLong();
    private volatile @Nullable HttpEngine engine;

    /// The port for clients.
    ///
    /// @param supervisor runs the threads; may be closed only after this
    public HttpFront(String host, int port, FrontLimits limits, Supervisor supervisor) {
        this("http", host, port, limits, supervisor);
    }

    /// @param name       begins the names of its threads; each front of a process has another
    /// @param supervisor runs the threads; may be closed only after this
    public HttpFront(String name, String host, int port, FrontLimits limits, Supervisor supervisor) {
        this.name = requireNonNull(name, "name is null");
        this.limits = limits.withConnections(Descriptors.fitting(limits.connectionsMax()));
        this.supervisor = requireNonNull(supervisor, "supervisor is null");
        this.places = new ConnectionPlaces(this.limits);
        this.watch = new Periodic(name + "-watch", watchPause(), ThreadStarter.PLATFORM, _ -> checkConnections());
        this.listener = new Listener(new InetSocketAddress(host, port), new Listener.Reception() {
            @Override
            public void accepted(SocketChannel channel) throws IOException {
                receive(channel);
            }

            @Override
            public boolean makeRoom() {
                return places.makeRoom();
            }
        });
    }

    /// Answers with these routes from now on, also on connections that are already open. The first call binds the
    /// port.
    ///
    /// @throws IOException when the port cannot be bound
    public synchronized void serve(HttpRouting.Builder routing, List<? extends Http1Upgrader> upgraders)
            throws IOException {
        Pollers.prepare();
        listener.bind();
        HttpEngine former = engine;
        HttpEngine next = new HttpEngine(routing, upgraders);
        engines.add(next);
        engine = next;
        if (former != null) {
            former.retire();
            return;
        }
        // loads the classes that a shortage of descriptors needs while descriptors are free
        boolean _ = places.makeRoom();
        tasks.add(supervisor.startObserved(
                name + "-listener", new EndAction.Restart(), ThreadStarter.PLATFORM, listener));
        watch.start(supervisor);
    }

    /// The port that it listens on.
    public int port() {
        return listener.port();
    }

    /// Connections open right now.
    public int connections() {
        return places.open().size();
    }

    int waiting() {
        return places.waiting();
    }

    private void receive(SocketChannel channel) throws IOException {
        // small frames must not wait for the acknowledgement of earlier ones
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
        if (!(channel.getRemoteAddress() instanceof InetSocketAddress remote)) {
            throw new IOException("not an internet address");
        }
        String thread = name + "-" + accepted.incrementAndGet();
        // TLS: another ClientSocket, around an SSLEngine; its handshake belongs on the connection's own thread
        ClientConnection connection = new ClientConnection(
                new ChannelSocket(channel, thread, remote),
                remote.getAddress(),
                () -> requireNonNull(engine, "no routes"),
                limits,
                places);
        if (!enters(connection)) {
            connection.cut();
            return;
        }
        connection.entered();
        boolean started = false;
        try {
            Thread.ofVirtual().name(thread).start(connection);
            started = true;
        } finally {
            if (!started) {
                connection.end();
            }
        }
    }

    /// Admits a connection. When all places are taken, those for probes included, waits a little before it is
    /// dropped.
    private boolean enters(ClientConnection connection) throws IOException {
        try {
            for (int i = 0; i < ENTER_TRIES; i++) {
                if (places.enter(connection)) {
                    return true;
                }
                Thread.sleep(ENTER_PAUSE_MILLIS);
            }
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private Duration watchPause() {
        long shortest =
                Math.min(limits.requestTimeout().toMillis(), limits.keepAlive().toMillis());
        return Duration.ofMillis(
                Math.clamp(Math.min(shortest, limits.writeTimeout().toMillis()) / 8, 10, LOOK_MILLIS_MAX));
    }

    private void checkConnections() {
        long now = System.nanoTime();
        places.open().forEach(connection -> connection.check(now));
    }

    /// Closes the port, ends connections that wait for a request, gives the others a moment, and cuts the rest.
    @Override
    public void close() {
        tasks.forEach(Supervised::close);
        watch.close();
        listener.close();
        places.open().forEach(ClientConnection::stop);
        long deadlineNanos = System.nanoTime() + STOP_PATIENCE.toNanos();
        try {
            while (connections() > 0 && System.nanoTime() - deadlineNanos < 0) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        places.open().forEach(ClientConnection::cut);
        synchronized (this) {
            engines.forEach(HttpEngine::close);
            engines.clear();
        }
    }
}
