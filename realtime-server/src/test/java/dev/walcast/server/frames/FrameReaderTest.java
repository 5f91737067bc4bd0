package dev.walcast.server.frames;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.testing.RawFrame;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
    private static final int MAX = 200_000;

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final MemoryBudget budget = new MemoryBudget(4 * MAX, 4 * MAX, System::nanoTime);
    private final MemoryAccount memory = budget.open(() -> {});

    @Test
    void messagesSurviveFragmentation() throws Exception {
        for (int round = 0; round < 200; round++) {
            byte[] message = new byte[random.nextInt(round % 10 == 0 ? MAX : 400)];
            random.nextBytes(message);
            FrameReader reader = new FrameReader(
                    trickling(fragmented(message)), MAX, new MessageBuffer(memory), pace(), EarlyLook.NONE);
            Inbound inbound = reader.next();
            while (inbound instanceof Inbound.Ping) {
                inbound = reader.next();
            }
            assertThat(inbound)
                    .as("seed %d", seed)
                    .isInstanceOfSatisfying(
                            Inbound.Binary.class,
                            binary -> assertThat(binary.bytes()).isEqualTo(message));
            assertThat(reader.next()).isInstanceOf(Inbound.End.class);
        }
    }

    @Test
    void limitAppliesToWholeMessage() throws Exception {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        wire.writeBytes(frame(0x02, new byte[MAX]));
        wire.writeBytes(frame(0x80, new byte[1]));
        FrameReader reader = new FrameReader(
                new ByteArrayInputStream(wire.toByteArray()), MAX, new MessageBuffer(memory), pace(), EarlyLook.NONE);
        assertThatThrownBy(reader::next)
                .isInstanceOfSatisfying(
                        InvalidFrameException.class,
                        e -> assertThat(e.reason()).isEqualTo(CloseReason.FRAME_TOO_LARGE));
    }

    @Test
    void endAnywhereIsAnEnd() throws Exception {
        byte[] whole = frame(0x82, new byte[300]);
        for (int cut = 0; cut < whole.length; cut++) {
            FrameReader reader = new FrameReader(
                    new ByteArrayInputStream(Arrays.copyOf(whole, cut)),
                    MAX,
                    new MessageBuffer(memory),
                    pace(),
                    EarlyLook.NONE);
            assertThat(reader.next()).isInstanceOf(Inbound.End.class);
        }
    }

    @Test
    void messageCountsUntilNextIsRead() throws Exception {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        wire.writeBytes(frame(0x82, new byte[MAX]));
        wire.writeBytes(frame(0x82, new byte[10]));
        FrameReader reader = new FrameReader(
                new ByteArrayInputStream(wire.toByteArray()), MAX, new MessageBuffer(memory), pace(), EarlyLook.NONE);
        reader.next();
        assertThat(memory.bytes()).isEqualTo(MAX);
        reader.next();
        assertThat(memory.bytes()).isEqualTo(10);
        reader.next();
        assertThat(memory.bytes()).isZero();
        assertThat(budget.used()).isZero();
    }

    @Test
    void partialMessageCountsUntilDiscarded() throws Exception {
        byte[] whole = frame(0x82, new byte[MAX]);
        MessageBuffer buffer = new MessageBuffer(memory);
        FrameReader reader = new FrameReader(
                new ByteArrayInputStream(Arrays.copyOf(whole, MAX / 2)), MAX, buffer, pace(), EarlyLook.NONE);
        assertThat(reader.next()).isInstanceOf(Inbound.End.class);
        assertThat(memory.bytes()).isBetween(MAX / 2 - 20L, (long) MAX);
        buffer.forget();
        assertThat(memory.bytes()).isZero();
    }

    @Test
    void messageWithoutMemoryIsRefused() {
        MemoryBudget tight = new MemoryBudget(MAX / 4, MAX, System::nanoTime);
        MemoryAccount poor = tight.open(() -> {});
        MessageBuffer buffer = new MessageBuffer(poor);
        FrameReader reader = new FrameReader(
                new ByteArrayInputStream(frame(0x82, new byte[MAX])), MAX, buffer, pace(), EarlyLook.NONE);
        assertThatThrownBy(reader::next)
                .isInstanceOfSatisfying(
                        InvalidFrameException.class, e -> assertThat(e.reason()).isEqualTo(CloseReason.MEMORY));
        buffer.forget();
        assertThat(tight.used()).isZero();
        assertThat(tight.endings()).isPositive();
    }

    @Test
    void tooLargeMessageIsNotKept() throws Exception {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        byte[] message = "x".repeat(MAX).getBytes(US_ASCII);
        wire.writeBytes(frame(0x01, Arrays.copyOf(message, 50)));
        wire.writeBytes(frame(0x80, Arrays.copyOf(message, MAX - 50)));
        wire.writeBytes(frame(0x81, "small".getBytes(US_ASCII)));
        EarlyLook look = new EarlyLook() {
            @Override
            public int bytes() {
                return 100;
            }

            @Override
            public int bytesMax(byte[] beginning) {
                assertThat(beginning).isEqualTo(Arrays.copyOf(message, 100));
                return 1_000;
            }
        };
        FrameReader reader = new FrameReader(
                new ByteArrayInputStream(wire.toByteArray()), MAX, new MessageBuffer(memory), pace(), look);
        assertThat(reader.next())
                .isInstanceOfSatisfying(
                        Inbound.TooLarge.class,
                        large -> assertThat(large.bytes()).isEqualTo(MAX));
        assertThat(budget.peak()).isLessThan(MAX / 10);
        assertThat(reader.next())
                .isInstanceOfSatisfying(
                        Inbound.Text.class,
                        text -> assertThat(text.utf8()).asString(US_ASCII).isEqualTo("small"));
    }

    private static InboundPace pace() {
        return InboundPace.of(SocketLimits.defaults());
    }

    private byte[] fragmented(byte[] message) {
        ByteArrayOutputStream wire = new ByteArrayOutputStream();
        int done = 0;
        boolean first = true;
        while (random.nextInt(4) > 0) {
            int n = random.nextInt(message.length - done + 1);
            wire.writeBytes(frame(first ? 0x02 : 0x00, Arrays.copyOfRange(message, done, done + n)));
            first = false;
            done += n;
            if (random.nextBoolean()) {
                wire.writeBytes(frame(0x89, new byte[random.nextInt(126)]));
            }
        }
        wire.writeBytes(frame(first ? 0x82 : 0x80, Arrays.copyOfRange(message, done, message.length)));
        return wire.toByteArray();
    }

    private byte[] frame(int first, byte[] payload) {
        return RawFrame.encode(first, payload, random.nextInt());
    }

    /// Gives a few bytes at a time.
    private InputStream trickling(byte[] bytes) {
        return new ByteArrayInputStream(bytes) {
            @Override
            public synchronized int read(byte[] into, int offset, int length) {
                return super.read(into, offset, Math.min(length, 1 + random.nextInt(5_000)));
            }
        };
    }
}
