package dev.walcast.server.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTreeBytesTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// A growing list or map has allocated less than twice its content in total.
    private static final int GROWTH = 2;

    /// Each is repeated in an array of about 40 kB.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "[]",
                "11",
                "-1.5",
                "true",
                "\"\"",
                "\"x\"",
                "12345678901234567890123",
                "{\"\":{\"\":{\"\":{\"\":{}}}}}",
                "{\"\":0}",
                "[[[[[[]]]]]]",
                "{\"a\":1.5,\"b\":[],\"c\":{},\"d\":\"\",\"e\":null}",
                "\"a text of many letters, which takes little more than itself\""
            })
    void treeTakesAtMostItsEstimate(String element) {
        int count = 40_000 / (element.length() + 1);
        byte[] json = IntStream.range(0, count)
                .mapToObj(_ -> element)
                .collect(Collectors.joining(",", "[", "]"))
                .getBytes(UTF_8);
        assertReserved(json);
    }

    @Test
    void treeOfManyKeysTakesAtMostItsEstimate() {
        assertReserved(IntStream.range(0, 20_000)
                .mapToObj(i -> "\"" + Integer.toString(i, 36) + "\":1")
                .collect(Collectors.joining(",", "{", "}"))
                .getBytes(UTF_8));
    }

    @Test
    void malformedTextIsBounded() {
        assertThat(Json.treeBytes(Slice.of("[1,2,".repeat(100).getBytes(UTF_8))))
                .isPositive();
    }

    private static void assertReserved(byte[] json) {
        // the first one loads classes
        assertThat(Json.tree(Slice.of(json))).isPresent();
        long before = THREADS.getCurrentThreadAllocatedBytes();
        Optional<JsonNode> tree = Json.tree(Slice.of(json));
        long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
        assertThat(tree).isPresent();
        assertThat(GROWTH * Json.treeBytes(Slice.of(json)))
                .as("%d bytes became %d", json.length, allocated)
                .isGreaterThan(allocated);
    }
}
