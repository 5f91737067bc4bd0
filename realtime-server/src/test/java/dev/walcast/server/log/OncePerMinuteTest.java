package dev.walcast.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class OncePerMinuteTest {
    private enum Line {
        FIRST,
        SECOND
    }

    private long nanos;
    private final OncePerMinute<Line> lines = new OncePerMinute<>(() -> nanos);

    @Test
    void eachKindHasOneLinePerMinute() {
        assertThat(lines.tryTake(Line.FIRST)).isTrue();
        assertThat(lines.tryTake(Line.FIRST)).isFalse();
        assertThat(lines.tryTake(Line.SECOND)).isTrue();
        nanos += Duration.ofSeconds(59).toNanos();
        assertThat(lines.tryTake(Line.FIRST)).isFalse();
        nanos += Duration.ofSeconds(1).toNanos();
        assertThat(lines.tryTake(Line.FIRST)).isTrue();
        assertThat(lines.tryTake(Line.FIRST)).isFalse();
    }
}
