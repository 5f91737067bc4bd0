package dev.walcast.cdc.readers;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Forwards connections to a local port until they are frozen. Frozen connections stay open and pass nothing
/// on, not even their end, as when a cable is cut. Later connections work, unless they are refused.
public final class FreezableProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final Set<Pair> pairs = ConcurrentHashMap.newKeySet();
    private final AtomicInteger toLeave = new AtomicInteger();
    private volatile boolean refusing;
    private volatile String unansweredText = "";
    private volatile int passing = Integer.MAX_VALUE;

    private final class Pair {
        private final Socket client;
        private final Socket upstream;
        private volatile boolean frozen;
        private volatile boolean unanswered;

        Pair(Socket client, Socket upstream) {
            this.client = client;
            this.upstream = upstream;
        }

        void cut() {
            try {
                client.close();
                upstream.close();
            } catch (IOException _) {
                // It was broken already.
            }
        }

        void pump(Socket from, Socket to) {
            byte[] bytes = new byte[16 * 1024];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n = in.read(bytes); n >= 0; n = in.read(bytes)) {
                    boolean passes = !frozen && !unanswered;
                    unanswered |= from == client && leavesUnanswered(bytes, n);
                    if (passes) {
                        out.write(bytes, 0, n);
                        out.flush();
                    }
                }
            } catch (IOException _) {
                // One side is gone.
            }
            if (!frozen) {
                cut();
            }
        }
    }

    public FreezableProxy(int target) throws IOException {
        this.target = target;
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    public int port() {
        return server.getLocalPort();
    }

    /// Ends the current connections.
    public void cut() {
        pairs.forEach(Pair::cut);
        pairs.clear();
    }

    /// Sets whether new connections are cut at once.
    public void refuse(boolean refused) {
        refusing = refused;
    }

    /// Limits the connections that work from now on. Later ones are frozen from their beginning.
    public void pass(int connections) {
        passing = connections;
    }

    public void freeze() {
        pairs.forEach(pair -> pair.frozen = true);
    }

    /// Freezes the next connections over which a client sends a text: the text is passed on, and afterwards
    /// only the connection's end.
    ///
    /// @param text  must be in one message
    /// @param count how many connections
    void leaveUnanswered(String text, int count) {
        unansweredText = text;
        toLeave.set(count);
    }

    /// Returns how many connections [#leaveUnanswered(String, int)] still waits for.
    int toLeave() {
        return toLeave.get();
    }

    private boolean leavesUnanswered(byte[] bytes, int length) {
        return toLeave.get() > 0
                && new String(bytes, 0, length, StandardCharsets.ISO_8859_1).contains(unansweredText)
                && toLeave.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
    }

    /// Returns how many connections are frozen.
    public long frozen() {
        return pairs.stream().filter(pair -> pair.frozen).count();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                if (refusing) {
                    client.close();
                    continue;
                }
                Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target);
                Pair pair = new Pair(client, upstream);
                pair.frozen = passing <= 0;
                passing--;
                pairs.add(pair);
                Thread.ofVirtual().start(() -> pair.pump(client, upstream));
                Thread.ofVirtual().start(() -> pair.pump(upstream, client));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        cut();
    }
}
