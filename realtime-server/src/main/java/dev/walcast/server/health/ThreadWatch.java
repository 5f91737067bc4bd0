package dev.walcast.server.health;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.EndAction;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts a platform thread and a virtual thread at intervals. While the machine has no thread left, or virtual
/// threads do not run, this task makes no progress, and the [Supervisor] ends the process when that lasts. Until then
/// the server continues with the threads that it has.
public final class ThreadWatch {
    private static final Logger log = LoggerFactory.getLogger(ThreadWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(5);

    private final ThreadStarter platform;
    private final ThreadStarter virtual;
    private final Duration every;
    private boolean failing;

    ThreadWatch(ThreadStarter platform, ThreadStarter virtual, Duration every) {
        this.platform = requireNonNull(platform, "platform is null");
        this.virtual = requireNonNull(virtual, "virtual is null");
        this.every = requireNonNull(every, "every is null");
    }

    public static void start(Supervisor supervisor) {
        ThreadWatch watch = new ThreadWatch(ThreadStarter.PLATFORM, ThreadStarter.VIRTUAL, EVERY);
        supervisor.startObserved("thread-watch", new EndAction.Restart(), ThreadStarter.PLATFORM, watch::run);
    }

    void run(TaskActivity activity) throws InterruptedException {
        while (true) {
            if (runs(platform) && runs(virtual)) {
                activity.beat();
                failing = false;
            }
            TimeUnit.NANOSECONDS.sleep(every.toNanos());
        }
    }

    private boolean runs(ThreadStarter threads) throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        try {
            threads.start("thread-watch-probe", ran::countDown);
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            if (!failing) {
                log.error("No thread could be started: raise the thread limits of the machine or the container", e);
            }
            failing = true;
            return false;
        }
        return ran.await(every.toNanos(), TimeUnit.NANOSECONDS);
    }
}
