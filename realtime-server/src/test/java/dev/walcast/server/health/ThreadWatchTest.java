package dev.walcast.server.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.Ending;
import dev.walcast.cdc.supervisor.Pacing;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.Threads;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadWatchTest {
    private static final Pacing HASTY = new Pacing(
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            Duration.ofSeconds(60),
            1_000,
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(2),
            Duration.ofSeconds(4));

    private final AtomicBoolean scarce = new AtomicBoolean();
    private final AtomicInteger exits = new AtomicInteger();

    private Threads scarce(Threads threads) {
        return (name, run) -> {
            if (scarce.get()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return threads.start(name, run);
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shortageThatPersistsEndsTheProcess(boolean ofVirtual) {
        Threads platform = ofVirtual ? Threads.PLATFORM : scarce(Threads.PLATFORM);
        Threads virtual = ofVirtual ? scarce(Threads.VIRTUAL) : Threads.VIRTUAL;
        ThreadWatch watch = new ThreadWatch(platform, virtual, Duration.ofMillis(10));
        try (Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> exits.incrementAndGet())) {
            supervisor.startObserved("thread-watch", new Ending.Restart(), Threads.PLATFORM, watch::run);
            assertThat(supervisor.isAlive()).isTrue();
            scarce.set(true);
            await().until(() -> !supervisor.isAlive());
            await().until(() -> exits.get() > 0);
            scarce.set(false);
            await().until(supervisor::isAlive);
        }
    }

    @Test
    void virtualThreadsThatDoNotRunAreNoticed() {
        Threads hanging = (name, _) -> Threads.VIRTUAL.start(name, () -> {});
        ThreadWatch watch = new ThreadWatch(Threads.PLATFORM, hanging, Duration.ofMillis(10));
        try (Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> exits.incrementAndGet())) {
            supervisor.startObserved("thread-watch", new Ending.Restart(), Threads.PLATFORM, watch::run);
            await().until(() -> !supervisor.isAlive());
        }
    }
}
