package dev.walcast.server.front;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;

/// Makes the JDK create the pollers that wake virtual threads waiting for a socket. The JDK creates them when the
/// first virtual thread waits, needs file descriptors for that, and never tries again after a failure.
final class Pollers {
    private Pollers() {}

    /// Returns after a virtual thread has waited for input once.
    static void prepare() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source();
                Pipe.SinkChannel sink = pipe.sink()) {
            Thread reader = Thread.ofVirtual().name("prepare-pollers").start(() -> read(source));
            while (reader.isAlive() && reader.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
            }
            sink.write(ByteBuffer.allocate(1));
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void read(Pipe.SourceChannel source) {
        try {
            int _ = source.read(ByteBuffer.allocate(1));
        } catch (IOException _) {
            // it has waited, or a later connection will show the failure
        }
    }
}
