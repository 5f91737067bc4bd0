package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Random;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonCursorTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 30_000);
    private static final int LARGE = 4_900_000;
    private static final String[] PIECES =
            ("{|}|[|]|,|:|'a'|'\\u00e4'|'é\\n'|''|0|-1|1.5e+3|true|false|null| |\t|\n|'|\\"
                            + "|\u0000|é|e|-|01|tru|\u00a0|\uFEFF|'\\x'|/")
                    .replace('\'', '"')
                    .split("\\|");
    private static final JsonFactory JACKSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(Json.NESTING_MAX)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .build();

    @Test
    void acceptsWhatJacksonAccepts() {
        long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
        Random random = new Random(seed);
        int values = 0;
        for (int i = 0; i < CASES; i++) {
            String text = random.nextInt(3) == 0 ? pieces(random) : damaged(random, value(random, 4));
            boolean isValue = isValueForJackson(text);
            values += isValue ? 1 : 0;
            if (Json.isValue(Slice.of(text.getBytes(UTF_8))) != isValue) {
                throw new AssertionError(text + ", seed " + seed);
            }
        }
        assertThat(values).isBetween(CASES / 10, CASES * 9 / 10);
    }

    private static String pieces(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(8); i >= 0; i--) {
            text.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return text.toString();
    }

    private static String value(Random random, int depth) {
        String space = random.nextInt(4) == 0 ? " " : "";
        return space
                + switch (random.nextInt(depth > 0 ? 7 : 5)) {
                    case 0 -> "null";
                    case 1 -> Integer.toString(random.nextInt());
                    case 2 -> Double.toString(random.nextGaussian() * 1e9);
                    case 3 -> Boolean.toString(random.nextBoolean());
                    case 4 -> Json.quoted((random.nextBoolean() ? "é\n" : "\uD83D\uDE00") + random.nextInt());
                    case 5 -> "[" + elements(random, _ -> value(random, depth - 1)) + "]";
                    default -> "{" + elements(random, n -> "\"" + n + "\" :" + value(random, depth - 1)) + "}";
                }
                + space;
    }

    private static String elements(Random random, IntFunction<String> element) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(4); i > 0; i--) {
            text.append(element.apply(i)).append(i > 1 ? "," : "");
        }
        return text.toString();
    }

    /// In half of the cases one character is taken away, or a piece is put in.
    private static String damaged(Random random, String text) {
        int at = random.nextInt(text.length());
        return switch (random.nextInt(4)) {
            case 0 -> text.substring(0, at) + text.substring(at + 1);
            case 1 -> text.substring(0, at) + PIECES[random.nextInt(PIECES.length)] + text.substring(at);
            default -> text;
        };
    }

    private static boolean isValueForJackson(String text) {
        if (text.startsWith("\uFEFF") || text.indexOf('\u0000') >= 0) {
            return false; // Jackson guesses another encoding, or skips the mark.
        }
        try (JsonParser parser = JACKSON.createParser(text.getBytes(UTF_8))) {
            if (parser.nextToken() == null) {
                return false;
            }
            parser.skipChildren();
            parser.finishToken();
            return parser.nextToken() == null;
        } catch (IOException _) {
            return false;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 15, 16, 17, 499, 500, 501, 600})
    void nestingIsBoundedAsInTrees(int depth) {
        for (String text : new String[] {
            "[".repeat(depth) + "]".repeat(depth), "{\"a\":".repeat(depth - 1) + "{}" + "}".repeat(depth - 1)
        }) {
            Slice json = Slice.of(text.getBytes(UTF_8));
            assertThat(Json.isValue(json)).isEqualTo(depth <= 500);
            assertThat(Json.tree(json).isPresent()).isEqualTo(depth <= 500);
        }
    }

    /// CPU time of this thread, the least of some runs: other work on the machine does not count.
    @Test
    void largestMessageOfAnyKindCostsLittle() {
        assertCheap(LARGE / 12, n -> "\"k%07d\":1".formatted(n));
        assertCheap(LARGE / 2, _ -> "");
        assertCheap(LARGE / 4, _ -> "\"\\\\\\\"\":[]");
    }

    private static void assertCheap(int membersMax, IntFunction<String> member) {
        StringBuilder text = new StringBuilder("[\"1\",\"2\",\"realtime:t\",\"broadcast\",{\"x\":[");
        String separator = "";
        for (int i = 0; i < membersMax && text.length() < LARGE; i++) {
            String one = member.apply(i);
            text.append(separator).append(one.isEmpty() ? "1" : "{" + one + "}");
            separator = ",";
        }
        byte[] message = text.append("]}]").toString().getBytes(UTF_8);
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 10; i++) {
            long began = threads.getCurrentThreadCpuTime();
            Message read = new SerializerV2().decodeText(message);
            least = Math.min(least, threads.getCurrentThreadCpuTime() - began);
            assertThat(read).isInstanceOf(Message.BroadcastPush.class);
        }
        System.out.printf("scanning %,d bytes takes %.1f ms%n", message.length, least / 1e6);
        assertThat(least).isLessThan(50_000_000);
    }
}
