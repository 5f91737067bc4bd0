package dev.walcast.server.acks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.protocol.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CursorsTest {
    private static final String EPOCH = "aaaaaaaaaaaa-";

    private Instant now = Instant.EPOCH;
    private final Cursors cursors = new Cursors(new AckLimits(3, Duration.ofHours(1)), () -> now);

    private static CursorKey key(String name) {
        return CursorKey.of("sub alice", new Topic("realtime:r"), name);
    }

    @Test
    void holderTopicAndNameIdentifyCursor() {
        assertThat(CursorKey.of("ab", new Topic("c"), "d")).isNotEqualTo(CursorKey.of("a", new Topic("bc"), "d"));
        assertThat(CursorKey.of("a", new Topic("b"), "cd")).isNotEqualTo(CursorKey.of("a", new Topic("bc"), "d"));
        assertThat(CursorKey.of("a", new Topic("b"), "c")).isEqualTo(CursorKey.of("a", new Topic("b"), "c"));
        assertThat(key("x").digest()).hasSize(64).doesNotContain("alice");
    }

    @Test
    void cursorMovesForwardForItsHolderOnly() {
        assertThat(cursors.take(key("x"), this, "alice")).isEmpty();
        cursors.begin(key("x"), EPOCH + "2");
        cursors.begin(key("x"), EPOCH + "9");
        assertThat(cursors.take(key("x"), this, "alice")).contains(EPOCH + "2");
        assertThat(cursors.advance(key("x"), EPOCH + "1", this)).isTrue();
        assertThat(cursors.take(key("x"), this, "alice")).contains(EPOCH + "2");
        assertThat(cursors.advance(key("x"), EPOCH + "3", this)).isTrue();
        assertThat(cursors.take(key("x"), "another", "alice")).contains(EPOCH + "3");
        assertThat(cursors.advance(key("x"), EPOCH + "4", this)).isFalse();
        cursors.release(key("x"), this);
        assertThat(cursors.advance(key("x"), "another-0", "another")).isTrue();
        assertThat(cursors.take(key("x"), this, "alice")).contains("another-0");
    }

    @Test
    void leastRecentlyUsedIsForgottenAtBound() {
        for (String name : new String[] {"a", "b", "c"}) {
            cursors.begin(key(name), EPOCH + name);
        }
        cursors.take(key("a"), this, "alice");
        cursors.takeChanges();
        cursors.begin(key("d"), EPOCH + "d");
        assertThat(cursors.size()).isEqualTo(3);
        Cursors.Changes changes = cursors.takeChanges();
        assertThat(changes.gone()).containsExactly(key("b"));
        assertThat(changes.kept()).containsOnlyKeys(key("d"));
        assertThat(cursors.take(key("b"), this, "alice")).isEmpty();
    }

    @Test
    void unusedCursorIsForgotten() {
        cursors.begin(key("a"), EPOCH + "1");
        cursors.begin(key("b"), EPOCH + "1");
        now = now.plus(Duration.ofMinutes(40));
        cursors.take(key("a"), this, "alice");
        now = now.plus(Duration.ofMinutes(40));
        assertThat(cursors.take(key("b"), this, "alice")).isEmpty();
        assertThat(cursors.take(key("a"), this, "alice")).isPresent();
        now = now.plus(Duration.ofMinutes(61));
        cursors.takeChanges();
        assertThat(cursors.size()).isZero();
    }

    @Test
    void failedWriteIsRepeated() {
        cursors.begin(key("a"), EPOCH + "1");
        Cursors.Changes changes = cursors.takeChanges();
        assertThat(cursors.takeChanges().isEmpty()).isTrue();
        cursors.giveBack(changes);
        assertThat(cursors.takeChanges()).isEqualTo(changes);
    }

    @Test
    void storedCursorDoesNotReplaceNewerOne() {
        cursors.begin(key("new"), EPOCH + "5");
        cursors.restore(Map.of(key("old"), new Cursors.Cursor(EPOCH + "1", now)));
        assertThat(cursors.take(key("new"), this, "alice")).contains(EPOCH + "5");
        assertThat(cursors.take(key("old"), this, "alice")).contains(EPOCH + "1");
    }

    @Test
    void clientBeyondShareLosesItsOwn() {
        Cursors shared = new Cursors(new AckLimits(10, Duration.ofHours(1)), 3, () -> now);
        shared.restore(Map.of(key("old"), new Cursors.Cursor(EPOCH + "1", now)));
        for (int i = 0; i < 5; i++) {
            begin(shared, "quiet " + i, "quiet " + i);
        }
        for (int i = 0; i < 100; i++) {
            begin(shared, "greedy " + i, "greedy");
            assertThat(shared.take(key("greedy 0"), this, "greedy")).isPresent();
        }
        assertThat(shared.size()).isEqualTo(9);
        assertThat(shared.take(key("old"), this, "another")).isPresent();
        for (int i = 0; i < 5; i++) {
            assertThat(shared.take(key("quiet " + i), this, "quiet " + i)).isPresent();
        }
        assertThat(shared.take(key("greedy 99"), this, "greedy")).isPresent();
        assertThat(shared.take(key("greedy 97"), this, "greedy")).isEmpty();
        // one that another client takes counts for that
        assertThat(shared.take(key("greedy 99"), this, "another")).isPresent();
        begin(shared, "greedy 100", "greedy");
        assertThat(shared.take(key("greedy 98"), this, "greedy")).isPresent();
    }

    private void begin(Cursors shared, String name, String client) {
        assertThat(shared.take(key(name), this, client)).isEmpty();
        shared.begin(key(name), EPOCH + "1");
    }
}
