package dev.walcast.cdc.slot;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.Lsn;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FeedLagTest {
    private long seconds = 100;
    private long received;
    private long records;
    private long delivered;
    private final FeedLag lag = new FeedLag(Duration.ofSeconds(10), () -> TimeUnit.SECONDS.toNanos(seconds));

    private ChangeSource.Activity activity() {
        return new ChangeSource.Activity(new Lsn(received), records, false, 1, ChangeSource.Reading.RECEIVING);
    }

    /// Advances the clock by a second, with the end of the log at a position.
    private void second(long logEnd) {
        seconds++;
        lag.look(activity(), new Lsn(delivered));
        lag.logEnd(new Lsn(logEnd), TimeUnit.SECONDS.toNanos(seconds));
    }

    private void beat(long lsn) {
        lag.beat(new Lsn(lsn), TimeUnit.SECONDS.toNanos(seconds));
    }

    private long lagSeconds(boolean streaming) {
        return lag.status(activity(), streaming).lag().toSeconds();
    }

    private boolean stalled() {
        return lag.status(activity(), true).stalled();
    }

    private void deliver(long lsn) {
        received = lsn;
        delivered = lsn;
        records++;
    }

    @Test
    void idleFeedHasNoLag() {
        deliver(10);
        for (int i = 0; i < 100; i++) {
            second(10);
            assertThat(lagSeconds(true)).isZero();
            assertThat(stalled()).isFalse();
        }
    }

    @Test
    void logWithoutChangesIsNoLag() {
        for (int i = 0; i < 100; i++) {
            if (i % 10 == 0) {
                beat(1000L * i);
                deliver(1000L * i + 1);
            }
            second(1000L * i + 500);
            assertThat(lagSeconds(true)).isZero();
            assertThat(stalled()).isFalse();
        }
    }

    @Test
    void lagGrowsFromTheLastProofWhileTheFeedIsDown() {
        deliver(10);
        second(10);
        second(10);
        seconds += 30;
        assertThat(lagSeconds(false)).isEqualTo(30);
        seconds += 30;
        assertThat(lagSeconds(false)).isEqualTo(60);
    }

    @Test
    void hangingReaderIsBehindThenStalled() {
        deliver(10);
        second(10);
        beat(20);
        for (int i = 1; i <= 15; i++) {
            second(30);
            assertThat(lagSeconds(true)).isBetween(i - 1L, i + 1L);
            assertThat(stalled()).isFalse();
        }
        second(30);
        second(30);
        assertThat(stalled()).isTrue();
        deliver(40);
        second(40);
        second(40);
        assertThat(lagSeconds(true)).isZero();
        assertThat(stalled()).isFalse();
    }

    @Test
    void silentDatabaseIsBehindThenStalled() {
        deliver(10);
        second(10);
        second(10);
        seconds += 14;
        assertThat(lagSeconds(true)).isEqualTo(14);
        assertThat(stalled()).isFalse();
        seconds += 2;
        assertThat(stalled()).isTrue();
    }

    @Test
    void undeliveredTransactionsAreLag() {
        deliver(10);
        second(10);
        received = 20;
        for (int i = 1; i < 30; i++) {
            records++;
            second(20 + i);
            assertThat(lagSeconds(true)).isBetween(i - 1L, i + 1L);
        }
        assertThat(stalled()).as("the reader still receives").isFalse();
    }

    @Test
    void slowProgressIsLagButNoStall() {
        for (int i = 1; i < 100; i++) {
            deliver(i * 10L);
            second(i * 20L);
        }
        assertThat(lagSeconds(true)).isBetween(45L, 55L);
        assertThat(stalled()).isFalse();
    }

    @Test
    void decodingDatabaseIsNotStalled() {
        beat(10);
        for (int i = 0; i < 10; i++) {
            seconds += 10;
            lag.decodes();
            assertThat(stalled()).isFalse();
        }
        assertThat(lagSeconds(true)).isEqualTo(100);
    }

    @Test
    void newHistoryBeginsWithoutLag() {
        beat(1_000_000);
        seconds += 60;
        lag.begin();
        deliver(10);
        second(10);
        assertThat(lagSeconds(true)).isZero();
    }

    @Test
    void marksStayBoundedDuringALongLag() {
        deliver(10);
        for (int i = 0; i < 5_000; i++) {
            second(20 + i);
        }
        deliver(20 + 5_000);
        second(20 + 5_000);
        assertThat(lagSeconds(true)).isZero();
    }
}
