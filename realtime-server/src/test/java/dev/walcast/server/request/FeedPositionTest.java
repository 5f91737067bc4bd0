package dev.walcast.server.request;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.server.protocol.FeedPosition;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeedPositionTest {
    private static final String EPOCH = "0123456789ab";

    @Test
    void textsSortAsPositions() {
        Random random = new Random(1);
        List<Position> positions = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            long lsn = random.nextLong() >>> random.nextInt(64);
            positions.add(new Position(new Lsn(lsn), random.nextLong(Position.ORDINAL_MAX + 1) >>> random.nextInt(32)));
            positions.add(Position.after(new Lsn(lsn)));
        }
        Collections.sort(positions);
        List<String> texts = positions.stream()
                .map(position -> new FeedPosition(EPOCH, position).toString())
                .toList();
        assertThat(texts).isSorted().allMatch(text -> text.length() == 38);
        assertThat(texts.stream()
                        .map(text -> FeedPosition.parse(text).orElseThrow().position())
                        .toList())
                .isEqualTo(positions);
    }

    @Test
    void bindingNamesItsResumePosition() {
        String position = new FeedPosition(EPOCH, new Position(new Lsn(5), 6)).toString();
        assertThat(read(position))
                .isEqualTo(new ResumeFrom.After(new FeedPosition(EPOCH, new Position(new Lsn(5), 6))));
        assertThat(read("2025-11-19T00:22:40.877Z")).isEqualTo(new ResumeFrom.Since(1763511760877L));
        assertThat(read("2025-11-19T01:22:40.877999+01:00")).isEqualTo(new ResumeFrom.Since(1763511760877L));
        assertThat(read("")).isInstanceOf(ResumeFrom.Now.class);
        assertThat(ResumeFrom.read(object().putNull("resume").path("resume"))).isInstanceOf(ResumeFrom.Now.class);
        assertThat(ResumeFrom.read(object().path("resume"))).isInstanceOf(ResumeFrom.Now.class);
        for (String bad : List.of(
                "x", "2025-11-19T00:22:40.877", position + "\n", position.substring(1), "+999999999-12-31T23:59:59Z")) {
            assertThat(read(bad)).as(bad).isNotInstanceOf(ResumeFrom.After.class);
        }
        assertThat(read("2025-11-19T00:22:40.877")).isInstanceOf(ResumeFrom.Unreadable.class);
        assertThat(ResumeFrom.read(object().put("resume", 5).path("resume"))).isInstanceOf(ResumeFrom.Unreadable.class);
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static ResumeFrom read(String resume) {
        return ResumeFrom.read(object().put("resume", resume).path("resume"));
    }
}
