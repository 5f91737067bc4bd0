package dev.walcast.server.acks;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CursorsTest {
    private static final String EPOCH = "aaaaaaaaaaaa-";

    private Instant now = Instant.EPOCH;
    private final Cursors cursors = new Cursors(new AckLimits(3, Duration.ofHours(1)), () -> now);

    private static CursorKey key(String name) {
        return CursorKey.of("sub alice", "realtime:r", name);
    }

    @Test
    void holderTopicAndNameAreKeptApart() {
        assertThat(CursorKey.of("ab", "c", "d")).isNotEqualTo(CursorKey.of("a", "bc", "d"));
        assertThat(CursorKey.of("a", "b", "cd")).isNotEqualTo(CursorKey.of("a", "bc", "d"));
        assertThat(CursorKey.of("a", "b", "c")).isEqualTo(CursorKey.of("a", "b", "c"));
        assertThat(key("x").digest()).hasSize(64).doesNotContain("alice");
    }

    @Test
    void aCursorMovesForwardOnlyAndOnlyForItsHolder() {
        assertThat(cursors.take(key("x"), this)).isEmpty();
        cursors.begin(key("x"), EPOCH + "2");
        cursors.begin(key("x"), EPOCH + "9");
        assertThat(cursors.take(key("x"), this)).contains(EPOCH + "2");
        assertThat(cursors.advance(key("x"), EPOCH + "1", this)).isTrue();
        assertThat(cursors.take(key("x"), this)).contains(EPOCH + "2");
        assertThat(cursors.advance(key("x"), EPOCH + "3", this)).isTrue();
        assertThat(cursors.take(key("x"), "another")).contains(EPOCH + "3");
        assertThat(cursors.advance(key("x"), EPOCH + "4", this)).isFalse();
        cursors.release(key("x"), this);
        assertThat(cursors.advance(key("x"), "another-0", "another")).isTrue();
        assertThat(cursors.take(key("x"), this)).contains("another-0");
    }

    @Test
    void theLeastRecentlyUsedIsForgottenBeyondTheBound() {
        for (String name : new String[] {"a", "b", "c"}) {
            cursors.begin(key(name), EPOCH + name);
        }
        cursors.take(key("a"), this);
        cursors.takeChanges();
        cursors.begin(key("d"), EPOCH + "d");
        assertThat(cursors.size()).isEqualTo(3);
        Cursors.Changes changes = cursors.takeChanges();
        assertThat(changes.gone()).containsExactly(key("b"));
        assertThat(changes.kept()).containsOnlyKeys(key("d"));
        assertThat(cursors.take(key("b"), this)).isEmpty();
    }

    @Test
    void whatNobodyUsesForLongIsForgotten() {
        cursors.begin(key("a"), EPOCH + "1");
        cursors.begin(key("b"), EPOCH + "1");
        now = now.plus(Duration.ofMinutes(40));
        cursors.take(key("a"), this);
        now = now.plus(Duration.ofMinutes(40));
        assertThat(cursors.take(key("b"), this)).isEmpty();
        assertThat(cursors.take(key("a"), this)).isPresent();
        now = now.plus(Duration.ofMinutes(61));
        cursors.takeChanges();
        assertThat(cursors.size()).isZero();
    }

    @Test
    void whatCouldNotBeWrittenIsWrittenNextTime() {
        cursors.begin(key("a"), EPOCH + "1");
        Cursors.Changes changes = cursors.takeChanges();
        assertThat(cursors.takeChanges().isEmpty()).isTrue();
        cursors.giveBack(changes);
        assertThat(cursors.takeChanges()).isEqualTo(changes);
    }

    @Test
    void whatIsReadAtTheStartTakesNothingFromWhatCameMeanwhile() {
        cursors.begin(key("new"), EPOCH + "5");
        cursors.restore(Map.of(key("old"), new Cursors.Cursor(EPOCH + "1", now)));
        assertThat(cursors.take(key("new"), this)).contains(EPOCH + "5");
        assertThat(cursors.take(key("old"), this)).contains(EPOCH + "1");
    }
}
