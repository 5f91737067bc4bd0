package dev.walcast.server.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.EndAction;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ThreadWatchTest {
    private static final SupervisorPolicy HASTY = new SupervisorPolicy(
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

    private ThreadStarter scarce(ThreadStarter threads) {
        return (name, run) -> {
            if (scarce.get()) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return threads.start(name, run);
        };
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lastingShortageEndsTheProcess(boolean ofVirtual) {
        ThreadStarter platform = ofVirtual ? ThreadStarter.PLATFORM : scarce(ThreadStarter.PLATFORM);
        ThreadStarter virtual = ofVirtual ? scarce(ThreadStarter.VIRTUAL) : ThreadStarter.VIRTUAL;
        ThreadWatch watch = new ThreadWatch(platform, virtual, Duration.ofMillis(10));
        try (Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> exits.incrementAndGet())) {
            supervisor.startObserved("thread-watch", new EndAction.Restart(), ThreadStarter.PLATFORM, watch::run);
            assertThat(supervisor.checkAlive()).isTrue();
            scarce.set(true);
            await().until(() -> !supervisor.checkAlive());
            await().until(() -> exits.get() > 0);
            scarce.set(false);
            await().until(supervisor::checkAlive);
        }
    }

    @Test
    void stalledVirtualThreadsAreDetected() {
        ThreadStarter hanging = (name, _) -> ThreadStarter.VIRTUAL.start(name, () -> {});
        ThreadWatch watch = new ThreadWatch(ThreadStarter.PLATFORM, hanging, Duration.ofMillis(10));
        try (Supervisor supervisor = new Supervisor(HASTY, System::nanoTime, _ -> exits.incrementAndGet())) {
            supervisor.startObserved("thread-watch", new EndAction.Restart(), ThreadStarter.PLATFORM, watch::run);
            await().until(() -> !supervisor.checkAlive());
        }
    }
}
