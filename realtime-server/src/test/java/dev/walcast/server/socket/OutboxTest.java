package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.frames.FrameWriter;
import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.testing.FlightRecord;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class OutboxTest {
    private final AtomicInteger wakes = new AtomicInteger();
    private final MemoryBudget budget = new MemoryBudget(1 << 20, 1 << 20, System::nanoTime);
    private final MemoryAccount memory = budget.open(() -> {});
    private final Outbox outbox = new Outbox(10_000, memory, wakes::incrementAndGet);

    @Test
    void fullOutboxSendsOnlyGoodbye() throws Exception {
        for (int i = 0; i < 9; i++) {
            assertThat(outbox.offer(frame(1_000))).isEqualTo(Outbox.Offer.ACCEPTED);
        }
        assertThat(outbox.offer(frame(1_000))).isEqualTo(Outbox.Offer.FULL);
        assertThat(outbox.offer(frame(1))).isEqualTo(Outbox.Offer.CLOSED);
        assertThat(outbox.take()).hasSize(1).first().isInstanceOf(Outgoing.Control.class);
        assertThat(outbox.take()).isEmpty();
        assertThat(outbox.reason()).isEqualTo(CloseReason.SLOW_CONSUMER);
    }

    @Test
    void flightRecorderRecordsFullOutbox() throws Exception {
        try (FlightRecord record = FlightRecord.of("walcast.OutboxFull")) {
            outbox.offer(frame(6_000));
            outbox.offer(frame(7_000));

            assertThat(record.events()).singleElement().satisfies(event -> {
                assertThat(event.getLong("bytes")).isBetween(6_000L, 7_000L);
                assertThat(event.getLong("frameBytes")).isBetween(7_000L, 8_000L);
            });
        }
    }

    @Test
    void bytesBeingWrittenStillCount() throws Exception {
        outbox.offer(frame(6_000));
        assertThat(outbox.take()).hasSize(1);
        assertThat(outbox.offer(frame(6_000))).isEqualTo(Outbox.Offer.FULL);
    }

    @Test
    void tinyFramesFillTheOutbox() {
        int accepted = 0;
        while (outbox.offer(frame(0)) == Outbox.Offer.ACCEPTED) {
            accepted++;
        }
        assertThat(accepted).isLessThan(200);
    }

    @Test
    void writtenBytesAreGivenBack() {
        outbox.offer(frame(5_000));
        outbox.offer(frame(1_000).sharedWhole());
        assertThat(memory.bytes()).isBetween(6_000L, 6_500L);
        outbox.take();
        // and the copy that is written
        assertThat(memory.bytes()).isBetween(12_000L, 13_000L);
        outbox.written();
        assertThat(memory.bytes()).isZero();
        assertThat(budget.used()).isZero();
    }

    @Test
    void everyEndGivesMemoryBack() {
        outbox.offer(frame(5_000));
        outbox.take();
        outbox.offer(frame(1_000).sharedWhole());
        outbox.abort(CloseReason.PROTOCOL_ERROR);
        outbox.kill(CloseReason.DISCONNECTED);
        assertThat(memory.bytes()).isBetween(10_000L, 10_200L);
        outbox.end(CloseReason.DISCONNECTED);
        assertThat(memory.bytes()).isZero();
        assertThat(budget.used()).isZero();
    }

    @Test
    void largestOutboxIsClosedWhenMemoryIsShort() {
        OutboundFrame shared = frame(200_000).sharedWhole();
        MemoryBudget tight = new MemoryBudget(300_000, 1 << 20, System::nanoTime);
        List<Outbox> outboxes = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            int own = i;
            outboxes.add(new Outbox(1 << 20, tight.open(() -> outboxes.get(own).abort(CloseReason.MEMORY)), () -> {}));
        }
        outboxes.forEach(each -> assertThat(each.offer(shared)).isEqualTo(Outbox.Offer.ACCEPTED));
        outboxes.get(1).offer(frame(50_000));
        outboxes.get(2).offer(frame(10_000));
        assertThat(outboxes).allMatch(Outbox::isOpen);

        outboxes.get(0).offer(frame(60_000));

        assertThat(outboxes.get(0).reason()).isEqualTo(CloseReason.MEMORY);
        assertThat(outboxes.get(1).isOpen()).isTrue();
        assertThat(outboxes.get(2).isOpen()).isTrue();
    }

    @Test
    void closeWritesWhatWaits() throws Exception {
        outbox.offer(frame(10));
        outbox.close(CloseReason.DRAINING);
        assertThat(outbox.take()).hasSize(2).last().isInstanceOf(Outgoing.Control.class);
        assertThat(outbox.take()).isEmpty();
    }

    @Test
    void firstReasonStays() {
        outbox.abort(CloseReason.PROTOCOL_ERROR);
        outbox.close(CloseReason.DRAINING);
        outbox.kill(CloseReason.DISCONNECTED);
        assertThat(outbox.reason()).isEqualTo(CloseReason.PROTOCOL_ERROR);
    }

    @Test
    void writerIsStartedAgainAfterItsEnd() {
        outbox.offer(frame(10));
        outbox.offer(frame(10));
        assertThat(wakes).hasValue(1);
        assertThat(outbox.take()).hasSize(2);
        outbox.offer(frame(10));
        assertThat(wakes).hasValue(1);
        assertThat(outbox.take()).hasSize(1);
        assertThat(outbox.take()).isEmpty();
        assertThat(wakes).hasValue(1);
        outbox.offer(frame(10));
        assertThat(wakes).hasValue(2);
    }

    @Test
    void nothingIsTakenAfterKill() {
        outbox.offer(frame(10));
        outbox.kill(CloseReason.DISCONNECTED);
        assertThat(outbox.take()).isEmpty();
    }

    @Test
    void concurrentOffersKeepTheirOrder() throws Exception {
        Outbox roomy = new Outbox(
                Long.MAX_VALUE / 2, new MemoryBudget(1L << 40, 1L << 40, System::nanoTime).open(() -> {}), () -> {});
        List<Thread> offering = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            int thread = t;
            offering.add(Thread.ofVirtual().start(() -> {
                for (int i = 0; i < 5_000; i++) {
                    roomy.offer(numbered(thread, i));
                }
            }));
        }
        int[] next = new int[4];
        for (int taken = 0; taken < 20_000; ) {
            for (Outgoing outgoing : roomy.take()) {
                String[] parts = new String(((Outgoing.Data) outgoing).frame().body(), UTF_8).split(",");
                assertThat(Integer.parseInt(parts[1])).isEqualTo(next[Integer.parseInt(parts[0])]++);
                taken++;
            }
        }
        for (Thread thread : offering) {
            thread.join();
        }
        assertThat(next).containsExactly(5_000, 5_000, 5_000, 5_000);
    }

    @Test
    void batchIsWrittenInFewWrites() {
        List<Integer> writes = new ArrayList<>();
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        FrameWriter writer = new FrameWriter();
        FrameWriter.Sink sink = (bytes, length) -> {
            writes.add(length);
            written.write(bytes, 0, length);
        };
        List<Outgoing> batch = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            batch.add(new Outgoing.Data(frame(100)));
        }
        writer.write(batch, sink);
        assertThat(writes).hasSize(1);
        writer.write(List.of(new Outgoing.Data(frame(1_000_000)), Outgoing.ping()), sink);
        assertThat(writes).hasSizeLessThan(20).allMatch(length -> length <= 64 * 1024);
        assertThat(written.size()).isEqualTo(100 * (2 + 100) + 10 + 1_000_000 + 2);
    }

    private static OutboundFrame frame(int bytes) {
        return numberedBody(new byte[bytes]);
    }

    private static OutboundFrame numbered(int thread, int i) {
        return numberedBody((thread + "," + i).getBytes(UTF_8));
    }

    private static OutboundFrame numberedBody(byte[] body) {
        return new OutboundFrame(OutboundFrame.Kind.BINARY, new byte[0], body, new byte[0]);
    }

    @Test
    void frameOfThreePiecesIsOneFrame() {
        ByteArrayOutputStream written = new ByteArrayOutputStream();
        OutboundFrame frame = Serializer.forVersion("2.0.0")
                .orElseThrow()
                .encode(Address.allOn(new Topic("t")), "e", Payload.change(new int[] {1}, "{}".getBytes(UTF_8)));
        new FrameWriter().write(List.of(new Outgoing.Data(frame)), (bytes, length) -> written.write(bytes, 0, length));
        String text = "[null,null,\"t\",\"e\",{\"ids\":[1],\"data\":{}}]";
        assertThat(written.toString(UTF_8).substring(2)).isEqualTo(text);
        assertThat(written.toByteArray()[0]).isEqualTo((byte) 0x81);
        assertThat(written.toByteArray()[1]).isEqualTo((byte) text.length());
    }
}
