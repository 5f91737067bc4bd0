package dev.walcast.server.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.limits.ClientLimits.Window;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.testing.TestingTime;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// Rates and windows on the test's own clock.
class RateLimiterTest {
    @Test
    void eachChannelHasItsPresenceWindow() {
        TestingTime time = new TestingTime();
        PresenceBudget budget = new PresenceBudget(new Window(4, Duration.ofSeconds(30)), time::nanos);
        assertThat(budget.isEmpty()).isFalse();
        assertThat(tracks(budget, 5)).isEqualTo(4);
        assertThat(budget.isEmpty()).isTrue();
        assertThat(budget.refusal().text()).isEqualTo("Client presence rate limit exceeded");
        time.pass(Duration.ofSeconds(29));
        assertThat(tracks(budget, 1)).isZero();
        time.pass(Duration.ofSeconds(1));
        assertThat(tracks(budget, 5)).isEqualTo(4);
    }

    private static int tracks(PresenceBudget budget, int tries) {
        int allowed = 0;
        for (int i = 0; i < tries; i++) {
            allowed += budget.tryTrack() ? 1 : 0;
        }
        return allowed;
    }

    @Test
    void rateIsThatOfTheBusiestRecentSecond() {
        TestingTime time = new TestingTime();
        RateLimiter rate = new RateLimiter(new Rate(2, 3), time::nanos);
        for (int i = 0; i < 7; i++) {
            rate.tryTake();
        }
        time.pass(Duration.ofMillis(1_100));
        assertThat(rate.tryTake()).isTrue();
        assertThat(current(rate)).isEqualTo(7);
        time.pass(Duration.ofSeconds(1));
        rate.tryTake();
        assertThat(current(rate)).isEqualTo(1);
    }

    private static long current(RateLimiter rate) {
        return rate.refusal(ErrorCode.MESSAGES_TOO_MANY).measure().orElseThrow().current();
    }
}
