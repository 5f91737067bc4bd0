package dev.walcast.server.frames;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.server.limits.ClientLimits;
import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.limits.InboundLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.protocol.CloseReason;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class InboundPaceTest {
    private static final InboundLimits LIMITS =
            new InboundLimits(new Rate(100, 1_000), new Rate(10_000, 100_000), Duration.ofSeconds(60));

    private final Clock clock = new Clock();
    private final InboundPace pace = new InboundPace(LIMITS, () -> clock.nanos, clock);

    /// Time passes only in pauses and while others have their turn.
    private static final class Clock implements InboundPace.Rest {
        private long nanos = Long.MAX_VALUE - 5;
        private long pauses;
        private long turns;
        private Duration othersTake = Duration.ZERO;

        @Override
        public void yieldTurn() {
            turns++;
            pass(othersTake);
        }

        @Override
        public void pause(Duration time) {
            pauses++;
            nanos += time.toNanos();
        }

        void pass(Duration time) {
            nanos += time.toNanos();
        }
    }

    @Test
    void burstIsReadWithoutPause() throws Exception {
        for (int i = 0; i < 1_000; i++) {
            pace.frame();
        }
        assertThat(clock.pauses).isZero();
        assertThat(clock.turns).isGreaterThanOrEqualTo(1_000 / 16);
    }

    @Test
    void framesBeyondBurstAreReadAtTheRate() throws Exception {
        long before = clock.nanos;
        for (int i = 0; i < 1_000 + 2_000; i++) {
            pace.frame();
        }
        assertThat(Duration.ofNanos(clock.nanos - before)).isBetween(Duration.ofSeconds(19), Duration.ofSeconds(21));
    }

    @Test
    void bytesBeyondBurstAreReadAtTheRate() {
        long before = clock.nanos;
        for (int i = 0; i < 300; i++) {
            pace.bytes(1_000);
        }
        assertThat(Duration.ofNanos(clock.nanos - before)).isBetween(Duration.ofSeconds(19), Duration.ofSeconds(21));
    }

    @Test
    void floodWithoutPauseIsClosed() {
        long before = clock.nanos;
        assertThatThrownBy(() -> {
                    while (true) {
                        pace.frame();
                    }
                })
                .isInstanceOfSatisfying(
                        InvalidFrameException.class, e -> assertThat(e.reason()).isEqualTo(CloseReason.FLOOD));
        assertThat(Duration.ofNanos(clock.nanos - before)).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(62));
    }

    @Test
    void socketThatPausesIsNeverClosed() throws Exception {
        for (int minute = 0; minute < 100; minute++) {
            for (int i = 0; i < 1_200; i++) {
                pace.frame();
            }
            clock.pass(Duration.ofSeconds(20));
        }
        assertThat(clock.pauses).isPositive();
    }

    @Test
    void documentedRatesAreNeverSlowed() throws Exception {
        SocketLimits limits = SocketLimits.defaults();
        InboundPace usual = new InboundPace(InboundLimits.of(limits), () -> clock.nanos, clock);
        ClientLimits clients = limits.clients();
        for (int second = 0; second < 600; second++) {
            int frames = clients.messages().perSecond()
                    + clients.presence().perSecond()
                    + 2 * clients.clientJoins().perSecond();
            // a ping, a pong and a heartbeat in each second besides
            for (int i = 0; i < frames + 3; i++) {
                usual.frame();
                usual.bytes(2_000);
            }
            clock.pass(Duration.ofSeconds(1));
        }
        assertThat(clock.pauses).isZero();
    }

    @Test
    void busyReaderPausesAmongMany() throws Exception {
        long before = clock.nanos;
        clock.othersTake = Duration.ofMillis(20);
        pace.bytes(70_000);
        sixteenFrames();
        assertThat(clock.turns).isEqualTo(2);
        assertThat(Duration.ofNanos(clock.nanos - before)).isEqualTo(Duration.ofMillis(2 * 120));
        clock.othersTake = Duration.ofSeconds(2);
        sixteenFrames();
        assertThat(Duration.ofNanos(clock.nanos - before)).isEqualTo(Duration.ofMillis(2 * 120 + 2_100));
    }

    private void sixteenFrames() throws Exception {
        for (int i = 0; i < 16; i++) {
            pace.frame();
        }
    }

    @Test
    void waitingReaderNeverPauses() throws Exception {
        clock.othersTake = Duration.ofMillis(20);
        for (int i = 0; i < 1_000; i++) {
            pace.waited(5_000_000);
            pace.frame();
            pace.bytes(10);
            pace.worked(100_000);
        }
        assertThat(clock.pauses).isZero();
    }

    @Test
    void costlyReaderPausesAmongMany() {
        clock.othersTake = Duration.ofMillis(5);
        pace.worked(200_000);
        assertThat(clock.turns).isZero();
        pace.worked(200_000);
        assertThat(clock.turns).isEqualTo(1);
        assertThat(clock.pauses).isEqualTo(1);
    }

    @Test
    void longWorkYieldsTheCarrier() {
        pace.worked(10_000);
        assertThat(clock.turns).isZero();
        pace.worked(2_000_000);
        assertThat(clock.turns).isEqualTo(1);
    }
}
