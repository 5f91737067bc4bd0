package dev.walcast.server.frames;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LastBytesTest {
    @Test
    void keepsTheLastBytesInTheirOrder() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int round = 0; round < 50; round++) {
            LastBytes last = new LastBytes();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            for (int i = random.nextInt(40); i >= 0; i--) {
                byte[] more = new byte[random.nextInt(random.nextBoolean() ? 10 : 3 * LastBytes.BYTES_MAX)];
                random.nextBytes(more);
                int count = random.nextInt(more.length + 1);
                last.add(more, count);
                all.write(more, 0, count);
            }
            byte[] whole = all.toByteArray();
            assertThat(last.copy())
                    .as("seed %d", seed)
                    .isEqualTo(
                            Arrays.copyOfRange(whole, Math.max(0, whole.length - LastBytes.BYTES_MAX), whole.length));
        }
        assertThat(new LastBytes().copy()).isEmpty();
    }
}
