package dev.walcast.bench.baseline;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

/// Frames a message of one client once and writes it to all others: the limit of fan-out on this machine. With the
/// argument `coalescing` everything that came in one turn goes out in one write for each socket.
public final class PlainWriter {
    private final boolean coalescing;
    private final FrameServer server = new FrameServer(this::received);
    private final ByteArrayOutputStream waiting = new ByteArrayOutputStream();
    private @org.jspecify.annotations.Nullable Peer sender;

    private PlainWriter(boolean coalescing) throws IOException {
        this.coalescing = coalescing;
    }

    public static void main(String[] arguments) throws IOException {
        PlainWriter writer = new PlainWriter(arguments.length > 0 && arguments[0].equals("coalescing"));
        System.out.println(writer.server.port());
        writer.run();
    }

    private void run() throws IOException {
        while (true) {
            server.turn(1000);
            Peer from = sender;
            if (from != null && waiting.size() > 0) {
                server.broadcast(waiting.toByteArray(), from);
                waiting.reset();
            }
        }
    }

    private void received(Peer from, byte[] payload) throws IOException {
        if (coalescing) {
            sender = from;
            waiting.write(Peer.frame(payload));
        } else {
            server.broadcast(Peer.frame(payload), from);
        }
    }
}
