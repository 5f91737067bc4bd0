package dev.walcast.server.golden;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.testing.TestingServer;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/// A conversation with the reference server, recorded line by line. Its tokens are signed again with the tests'
/// secret.
public record GoldenTranscript(String name, List<JsonNode> lines) {
    /// The one recorded token whose signature is wrong on purpose.
    private static final String WRONG_SIGNATURE = "pRDRFFZtHY9oDcAGkfFAilycuMEYa5W7KXykRXyMWus";

    /// When the one token expired that expires in the middle of its transcript.
    private static final String SOON = "1795436841";

    public static GoldenTranscript load(String name) {
        try (InputStream in = GoldenTranscript.class.getResourceAsStream("/golden/" + name + ".jsonl")) {
            String text = new String(Objects.requireNonNull(in, name).readAllBytes(), UTF_8);
            List<JsonNode> lines = TestingTokens.resigned(
                            text,
                            WRONG_SIGNATURE,
                            claims -> claims.replace(
                                    SOON, Long.toString(Instant.now().getEpochSecond() + 3)))
                    .lines()
                    .map(TestingServer::json)
                    .toList();
            return new GoldenTranscript(name, answersFirst(lines));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /// The reply to a track and its diff may come in either order; ours answers first.
    private static List<JsonNode> answersFirst(List<JsonNode> recorded) {
        List<JsonNode> lines = new ArrayList<>(recorded);
        Map<JsonNode, Integer> lastDiffs = new HashMap<>();
        Set<JsonNode> answered = new HashSet<>();
        for (int i = 0; i < lines.size(); i++) {
            JsonNode conn = lines.get(i).path("conn");
            Integer lastDiff = lastDiffs.remove(conn);
            if (isReply(lines.get(i)) && lastDiff != null) {
                lines.add(lastDiff, lines.remove(i));
            } else if (isReply(lines.get(i))) {
                answered.add(conn);
            } else if (isDiff(lines.get(i)) && !answered.remove(conn)) {
                lastDiffs.put(conn, i);
            }
        }
        return lines;
    }

    private static boolean isReply(JsonNode line) {
        return line.path("data").asText().contains("\"phx_reply\"");
    }

    private static boolean isDiff(JsonNode line) {
        return line.path("data").asText().contains("\"presence_diff\"");
    }

    public boolean isVersion2() {
        return name.endsWith(".v2");
    }

    /// The first line after this one with a frame of the reference to any socket.
    JsonNode nextDelivery(int index) {
        return lines.subList(index + 1, lines.size()).stream()
                .filter(line -> line.path("dir").asText().equals("<"))
                .findFirst()
                .orElseThrow();
    }

    /// The recorder shortened very long texts and noted their length.
    static String whole(String text) {
        int cut = text.indexOf("…(");
        if (cut < 0) {
            return text;
        }
        int length = Integer.parseInt(text.substring(cut + 2, text.indexOf(' ', cut)));
        String end = text.startsWith("[")
                ? "\"}}]"
                : text.startsWith("{\"messages\"") ? "\"}}]}" : "\"}},\"ref\":\"2\",\"join_ref\":\"1\"}";
        return text.substring(0, cut) + "x".repeat(length - cut - end.length()) + end;
    }
}
