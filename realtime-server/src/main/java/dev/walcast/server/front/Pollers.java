package dev.walcast.server.front;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;

/// Has the JDK prepare what wakes virtual threads that wait for a socket. It needs file descriptors for that, does it
/// when the first virtual thread waits, and never tries again when there are none.
final class Pollers {
    private Pollers() {}

    /// Returns when a virtual thread has waited for input once.
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
            // it has waited, or it will be seen when a connection waits
        }
    }
}
