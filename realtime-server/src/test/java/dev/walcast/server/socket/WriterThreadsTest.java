package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.supervisor.ThreadStarter;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundFrame;
import io.helidon.common.socket.PlainSocket;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Writers of real sockets. Some of the clients do not read.
class WriterThreadsTest {
    private static final int STUCK = 20;
    private static final int STUCK_BYTES = 16 << 20;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private final MemoryBudget budget = new MemoryBudget(1L << 30, 1L << 30, System::nanoTime);
    private final AtomicInteger refusals = new AtomicInteger();
    private final WriterThreads writers = new WriterThreads((name, run) -> {
        if (refusals.get() > 0) {
            refusals.getAndDecrement();
            throw new OutOfMemoryError("unable to create native thread");
        }
        return ThreadStarter.VIRTUAL.start(name, run);
    });
    private final List<Line> lines = new ArrayList<>();
    private ServerSocket listening;

    /// Both ends of a connection.
    private record Line(Socket client, SocketWriter writer) {
        void offer(byte[] body) {
            OutboundFrame frame = new OutboundFrame(OutboundFrame.Kind.BINARY, new byte[0], body, new byte[0]);
            assertThat(writer.outbox().offer(frame)).isEqualTo(Outbox.Offer.ACCEPTED);
        }

        /// Of a frame that is shorter than 126 bytes.
        byte[] read() throws IOException {
            DataInputStream in = new DataInputStream(client.getInputStream());
            assertThat(in.readUnsignedByte()).isEqualTo(0x82);
            return in.readNBytes(in.readUnsignedByte());
        }
    }

    @BeforeEach
    void listen() throws IOException {
        listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        for (Line line : lines) {
            line.client.close();
            line.writer.outbox().kill(CloseReason.DISCONNECTED);
            line.writer.interrupt();
        }
        listening.close();
    }

    private Line line() throws IOException {
        Socket client = new Socket(listening.getInetAddress(), listening.getLocalPort());
        client.setSoTimeout((int) PATIENCE.toMillis());
        PlainSocket socket = PlainSocket.server(listening.accept(), "child", "parent");
        Line line = new Line(
                client,
                new SocketWriter(64 << 20, budget.open(() -> {}), socket, new SocketStats(Clock.systemUTC()), writers));
        lines.add(line);
        return line;
    }

    private List<Line> lines(int count) throws IOException {
        List<Line> made = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            made.add(line());
        }
        return made;
    }

    /// Far more than the buffers between the two take.
    private static void stick(Line line) {
        line.offer(new byte[STUCK_BYTES]);
    }

    @Test
    void blockedClientDelaysNoOther() throws Exception {
        List<Line> stuck = lines(STUCK);
        List<Line> reading = lines(STUCK);
        for (int i = 0; i < STUCK; i++) {
            stick(stuck.get(i));
            reading.get(i).offer(new byte[] {(byte) i});
        }
        for (int i = 0; i < STUCK; i++) {
            assertThat(reading.get(i).read()).containsExactly(i);
        }
        for (int i = 0; i < STUCK; i++) {
            reading.get(i).offer(new byte[] {(byte) -i});
            assertThat(reading.get(i).read()).containsExactly(-i);
        }
        assertThat(stuck).allMatch(line -> line.writer.outbox().bytes() > 0);
    }

    @Test
    void interruptEndsOnlyItsSocket() throws Exception {
        List<Line> stuck = lines(2);
        Line reading = line();
        stuck.forEach(WriterThreadsTest::stick);
        for (int i = 0; i < 1_000; i++) {
            reading.offer(new byte[] {1});
            assertThat(reading.read()).containsExactly(1);
        }
        stuck.getFirst().writer.outbox().kill(CloseReason.WRITE_TIMEOUT);
        stuck.getFirst().writer.interrupt();
        assertThat(stuck.getFirst().writer.outbox().awaitWritten(PATIENCE)).isTrue();
        assertThat(stuck.getLast().writer.outbox().isOpen()).isTrue();
        assertThat(stuck.getLast().client.getInputStream().readNBytes(STUCK_BYTES))
                .hasSize(STUCK_BYTES);
        reading.offer(new byte[] {2});
        assertThat(reading.read()).containsExactly(2);
    }

    /// The thread that wrote to it most likely writes to the other.
    @Test
    void interruptOfIdleWriterIsHarmless() throws Exception {
        for (int i = 0; i < 50; i++) {
            Line idle = line();
            Line stuck = line();
            idle.offer(new byte[] {1});
            stick(stuck);
            assertThat(idle.read()).containsExactly(1);
            assertThat(idle.writer.outbox().awaitWritten(PATIENCE)).isTrue();
            idle.writer.interrupt();
            assertThat(stuck.client.getInputStream().readNBytes(STUCK_BYTES)).hasSize(STUCK_BYTES);
        }
    }

    @Test
    void failedThreadStartIsRepeated() throws Exception {
        Line line = line();
        refusals.set(2);
        line.offer(new byte[] {1});
        assertThat(refusals).hasValue(1);
        writers.check(System.nanoTime());
        assertThat(refusals).hasValue(0);
        writers.check(System.nanoTime());
        assertThat(line.read()).containsExactly(1);
        line.offer(new byte[] {2});
        assertThat(line.read()).containsExactly(2);
    }

    @Test
    void errorWhileWritingEndsOnlyItsSocket() throws Exception {
        Socket client = new Socket(listening.getInetAddress(), listening.getLocalPort());
        Socket accepted = listening.accept();
        Socket failing = new Socket() {
            @Override
            public InputStream getInputStream() throws IOException {
                return accepted.getInputStream();
            }

            @Override
            public OutputStream getOutputStream() {
                return new OutputStream() {
                    @Override
                    public void write(int oneByte) {
                        throw new NoClassDefFoundError("for the test");
                    }
                };
            }
        };
        PlainSocket broken = PlainSocket.server(failing, "child", "parent");
        Line bad = new Line(
                client,
                new SocketWriter(64 << 20, budget.open(() -> {}), broken, new SocketStats(Clock.systemUTC()), writers));
        lines.add(bad);
        Line good = line();
        bad.offer(new byte[] {1});
        good.offer(new byte[] {2});
        assertThat(good.read()).containsExactly(2);
        assertThat(bad.writer.outbox().awaitWritten(PATIENCE)).isTrue();
        assertThat(bad.writer.outbox().isOpen()).isFalse();
    }

    @Test
    void framesArriveInTheOrderOfOffers() throws Exception {
        int threads = 4;
        int each = 2_000;
        List<Line> all = lines(8);
        List<Thread> offering = IntStream.range(0, threads)
                .mapToObj(thread -> Thread.ofVirtual().start(() -> {
                    for (int i = 0; i < each; i++) {
                        byte[] body = (thread + "," + i).getBytes(US_ASCII);
                        all.forEach(line -> line.offer(body));
                    }
                }))
                .toList();
        for (Line line : all) {
            int[] next = new int[threads];
            for (int i = 0; i < threads * each; i++) {
                String[] parts = new String(line.read(), US_ASCII).split(",", 2);
                assertThat(Integer.parseInt(parts[1])).isEqualTo(next[Integer.parseInt(parts[0])]++);
            }
            assertThat(Arrays.stream(next)).allMatch(count -> count == each);
            assertThat(line.writer.outbox().awaitWritten(PATIENCE)).isTrue();
        }
        for (Thread thread : offering) {
            thread.join();
        }
    }
}
