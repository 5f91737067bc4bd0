package dev.walcast.server.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkedBytesTest {
    private static final int CHUNK = ChunkPool.CHUNK_BYTES;
    private static final int LARGE = 4_900_000;

    private final MemoryBudget budget = new MemoryBudget(100_000_000, 100_000_000, System::nanoTime);
    private final MemoryAccount memory = budget.open(() -> {});
    private final ChunkedBytes bytes = new ChunkedBytes(memory);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 200, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5})
    void givesBackWhatWasAdded(int size) {
        Random random = new Random(size);
        for (int expected : new int[] {size, 1}) {
            byte[] sent = new byte[size];
            random.nextBytes(sent);
            add(sent, expected);
            assertThat(bytes.size()).isEqualTo(size);
            assertThat(memory.bytes()).isBetween((long) size, size + (long) CHUNK);
            assertThat(bytes.take()).isEqualTo(sent);
            assertThat(memory.bytes()).isEqualTo(size);
            memory.release(size);
        }
        assertThat(budget.used()).isZero();
    }

    @Test
    void countsNothingAfterClear() {
        add(new byte[3 * CHUNK + 7], 3 * CHUNK + 7);
        bytes.clear();
        assertThat(bytes.size()).isZero();
        assertThat(memory.bytes()).isZero();
        add(new byte[] {1}, 1);
        assertThat(bytes.take()).containsExactly(1);
    }

    @Test
    void takesNothingWithoutMemory() {
        MemoryAccount poor = new MemoryBudget(10L * CHUNK, 3L * CHUNK, System::nanoTime).open(() -> {});
        ChunkedBytes few = new ChunkedBytes(poor);
        for (int i = 0; i < 2; i++) {
            assertThat(few.makeRoom(CHUNK)).isTrue();
            few.added(few.room());
        }
        assertThat(few.take()).isNull();
        assertThat(few.size()).isEqualTo(2 * CHUNK);
        assertThat(poor.bytes()).isEqualTo(2L * CHUNK);
        few.clear();
        assertThat(poor.bytes()).isZero();
    }

    /// Unfinished messages must not produce garbage faster than it is collected.
    @Test
    void discardedBytesMakeLittleGarbage() {
        var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] sent = new byte[LARGE];
        add(sent, LARGE);
        bytes.clear();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 20; i++) {
            add(sent, LARGE);
            bytes.clear();
        }
        // a collection may take the chunks in between
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(5L * LARGE);
    }

    private void add(byte[] sent, int expected) {
        for (int done = 0; done < sent.length; ) {
            assertThat(bytes.makeRoom(expected)).isTrue();
            int count = Math.min(bytes.room(), sent.length - done);
            System.arraycopy(sent, done, bytes.array(), bytes.at(), count);
            bytes.added(count);
            done += count;
        }
    }
}
