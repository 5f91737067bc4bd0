package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.helidon.common.buffers.DataReader;
import java.lang.ref.Reference;
import java.lang.ref.WeakReference;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class UnchainedReaderTest {
    private final List<WeakReference<byte[]>> arrived = new ArrayList<>();

    private final UnchainedReader reader = new UnchainedReader(() -> {
        byte[] bytes = new byte[1_000];
        arrived.add(new WeakReference<>(bytes));
        return bytes;
    });

    /// Young collections keep an object of the old generation, used or not, and everything that it refers to.
    @Test
    void readArraysAreNotRetained() {
        reader.read();
        DataReader old = reader.current();
        reader.skip(999);
        for (int i = 0; i < 50; i++) {
            reader.readBytes(1_000);
        }
        await().until(() -> {
            System.gc();
            return arrived.subList(2, 48).stream().allMatch(one -> one.get() == null);
        });
        Reference.reachabilityFence(old);
    }

    @Test
    void readsAcrossWhatArrives() {
        List<String> parts = new ArrayList<>(List.of("ab", "c\r", "\nrest"));
        UnchainedReader text = new UnchainedReader(() -> parts.removeFirst().getBytes(US_ASCII));
        assertThat(text.lookup()).isEqualTo((byte) 'a');
        assertThat(text.findNewLine(100)).isEqualTo(3);
        assertThat(text.readLine()).isEqualTo("abc");
        assertThat(text.available()).isEqualTo(4);
        assertThat(text.readAsciiString(4)).isEqualTo("rest");
        assertThat(text.available()).isZero();
    }

    @Test
    void endOfSourceIsTheEnd() {
        UnchainedReader ended = new UnchainedReader(() -> null);
        assertThatThrownBy(ended::ensureAvailable).isInstanceOf(DataReader.InsufficientDataAvailableException.class);
    }

    /// A method that a newer Helidon adds would read from the chain of the superclass.
    @Test
    void everyReaderMethodIsOverridden() {
        List<String> inherited = Arrays.stream(DataReader.class.getMethods())
                .filter(method -> method.getDeclaringClass() == DataReader.class)
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !isOverridden(method))
                .map(Method::getName)
                .toList();
        assertThat(inherited).isEmpty();
    }

    private static boolean isOverridden(Method method) {
        try {
            return UnchainedReader.class
                            .getMethod(method.getName(), method.getParameterTypes())
                            .getDeclaringClass()
                    == UnchainedReader.class;
        } catch (NoSuchMethodException _) {
            return false;
        }
    }
}
