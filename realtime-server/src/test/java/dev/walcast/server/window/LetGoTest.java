package dev.walcast.server.window;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Lsn;
import dev.walcast.rls.Moment;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LetGoTest {
    private final LetGo letGo = new LetGo();

    private static Moment moment(long xmax, Long... running) {
        long xmin = running.length == 0 ? xmax : running[0];
        return new Moment(xmin, xmax, Set.of(running), Lsn.ZERO);
    }

    @Test
    void rowsMustShowEachOfThem() {
        assertThat(letGo.areIn(moment(5))).isTrue();
        letGo.add(10);
        letGo.add(12);
        assertThat(letGo.areIn(moment(12))).isFalse();
        assertThat(letGo.areIn(moment(13, 10L))).isFalse();
        assertThat(letGo.areIn(moment(13, 12L))).isFalse();
        assertThat(letGo.areIn(moment(13, 11L))).isTrue();
        letGo.clear();
        assertThat(letGo.areIn(moment(5))).isTrue();
    }

    /// Two readings at a time: the one that began later may ask first.
    @Test
    void aLaterMomentVouchesForNoEarlierOne() {
        letGo.add(10);
        assertThat(letGo.areIn(moment(13))).isTrue();
        assertThat(letGo.areIn(moment(13, 10L))).isFalse();
        assertThat(letGo.areIn(moment(10))).isFalse();
        assertThat(letGo.areIn(moment(13))).isTrue();
    }

    @Test
    void whatWasForgottenBecauseRowsShowedItIsNotForgottenByEarlierMoments() {
        for (long xid = 100; xid < 100 + LetGo.TIDY_FROM; xid++) {
            letGo.add(xid);
        }
        long end = 100 + LetGo.TIDY_FROM;
        assertThat(letGo.areIn(moment(end + 1, 99L, end))).isTrue();
        assertThat(letGo.areIn(moment(end + 1, 99L, 150L))).isFalse();
        assertThat(letGo.areIn(moment(150))).isFalse();
        assertThat(letGo.areIn(moment(end + 1, 99L, end))).isTrue();
        assertThat(letGo.areIn(moment(end + 9, 99L, end + 2))).isTrue();
    }

    /// One that runs for hours has an old id, and may itself be among those that were let go.
    @Test
    void ofManyTheOldestAreKnownByTheLatestOfThemUntilRowsShowAll() {
        for (long xid = 100; xid <= 110 + LetGo.REMEMBERED_MAX; xid++) {
            letGo.add(xid);
        }
        long end = 111 + LetGo.REMEMBERED_MAX;
        assertThat(letGo.areIn(moment(end, 50L))).isFalse();
        assertThat(letGo.areIn(moment(end, 105L))).isFalse();
        assertThat(letGo.areIn(moment(end - 1))).isFalse();
        assertThat(letGo.areIn(moment(end))).isTrue();
        assertThat(letGo.areIn(moment(end + 1, end))).isTrue();
    }

    @Test
    void idsMayWrapAround() {
        long epoch = 7L << 32;
        letGo.add(0xFFFF_FFFEL);
        letGo.add(3);
        assertThat(letGo.areIn(moment(epoch + 4, epoch - 3))).isTrue();
        assertThat(letGo.areIn(moment(epoch + 4, epoch - 2))).isFalse();
        assertThat(letGo.areIn(moment(epoch + 3))).isFalse();
        for (long n = 0; n < LetGo.REMEMBERED_MAX; n++) {
            letGo.add((0xFFFF_FFF0L + n) & 0xFFFF_FFFFL);
        }
        assertThat(letGo.areIn(moment(epoch + LetGo.REMEMBERED_MAX, epoch - 2))).isFalse();
        assertThat(letGo.areIn(moment(epoch + LetGo.REMEMBERED_MAX))).isTrue();
    }
}
