package dev.walcast.server.window;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Lsn;
import dev.walcast.rls.PgSnapshot;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EvictedTransactionsTest {
    private final EvictedTransactions evicted = new EvictedTransactions();

    private static PgSnapshot moment(long xmax, Long... running) {
        long xmin = running.length == 0 ? xmax : running[0];
        return new PgSnapshot(xmin, xmax, Set.of(running), Lsn.ZERO);
    }

    @Test
    void snapshotMustContainEach() {
        assertThat(evicted.allContainedIn(moment(5))).isTrue();
        evicted.add(10);
        evicted.add(12);
        assertThat(evicted.allContainedIn(moment(12))).isFalse();
        assertThat(evicted.allContainedIn(moment(13, 10L))).isFalse();
        assertThat(evicted.allContainedIn(moment(13, 12L))).isFalse();
        assertThat(evicted.allContainedIn(moment(13, 11L))).isTrue();
        evicted.clear();
        assertThat(evicted.allContainedIn(moment(5))).isTrue();
    }

    /// Two readings at a time: the one that began later may ask first.
    @Test
    void laterMomentProvesNoEarlierOne() {
        evicted.add(10);
        assertThat(evicted.allContainedIn(moment(13))).isTrue();
        assertThat(evicted.allContainedIn(moment(13, 10L))).isFalse();
        assertThat(evicted.allContainedIn(moment(10))).isFalse();
        assertThat(evicted.allContainedIn(moment(13))).isTrue();
    }

    @Test
    void tidyingIsSafeForEarlierMoments() {
        for (long xid = 100; xid < 100 + EvictedTransactions.TIDY_FROM; xid++) {
            evicted.add(xid);
        }
        long end = 100 + EvictedTransactions.TIDY_FROM;
        assertThat(evicted.allContainedIn(moment(end + 1, 99L, end))).isTrue();
        assertThat(evicted.allContainedIn(moment(end + 1, 99L, 150L))).isFalse();
        assertThat(evicted.allContainedIn(moment(150))).isFalse();
        assertThat(evicted.allContainedIn(moment(end + 1, 99L, end))).isTrue();
        assertThat(evicted.allContainedIn(moment(end + 9, 99L, end + 2))).isTrue();
    }

    /// A transaction that runs for hours has an old id, and may itself be among the evicted ones.
    @Test
    void oldestOfManyAreKnownByTheirLatest() {
        for (long xid = 100; xid <= 110 + EvictedTransactions.REMEMBERED_MAX; xid++) {
            evicted.add(xid);
        }
        long end = 111 + EvictedTransactions.REMEMBERED_MAX;
        assertThat(evicted.allContainedIn(moment(end, 50L))).isFalse();
        assertThat(evicted.allContainedIn(moment(end, 105L))).isFalse();
        assertThat(evicted.allContainedIn(moment(end - 1))).isFalse();
        assertThat(evicted.allContainedIn(moment(end))).isTrue();
        assertThat(evicted.allContainedIn(moment(end + 1, end))).isTrue();
    }

    @Test
    void idsMayWrapAround() {
        long epoch = 7L << 32;
        evicted.add(0xFFFF_FFFEL);
        evicted.add(3);
        assertThat(evicted.allContainedIn(moment(epoch + 4, epoch - 3))).isTrue();
        assertThat(evicted.allContainedIn(moment(epoch + 4, epoch - 2))).isFalse();
        assertThat(evicted.allContainedIn(moment(epoch + 3))).isFalse();
        for (long n = 0; n < EvictedTransactions.REMEMBERED_MAX; n++) {
            evicted.add((0xFFFF_FFF0L + n) & 0xFFFF_FFFFL);
        }
        assertThat(evicted.allContainedIn(moment(epoch + EvictedTransactions.REMEMBERED_MAX, epoch - 2)))
                .isFalse();
        assertThat(evicted.allContainedIn(moment(epoch + EvictedTransactions.REMEMBERED_MAX)))
                .isTrue();
    }
}
