package dev.walcast.cdc.slot;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskActivity;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes heartbeats into the log and watches the slot. A heartbeat lets the slot advance while the published
/// tables are quiet. A heartbeat that an idle reader does not pass shows that the reader hangs; then the reader
/// is restarted. Warns when Postgres may soon invalidate the slot. Runs as a supervised thread.
public final class SlotGuardian implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SlotGuardian.class);

    /// How long a reader may take until Postgres sends it something.
    private static final Duration STARTING_MAX = Duration.ofMinutes(1);

    /// The most heartbeats that are remembered. A reader that is further behind is detected by the oldest of
    /// them.
    private static final int BEATS_MAX = 1_000;

    private final SlotProbe probe;
    private final ChangeSource source;
    private final Settings settings;
    private final LongSupplier nanoTime;
    private final FeedLag lag;
    private final Deque<Beat> beats = new ArrayDeque<>();
    private final Periodic periodic;

    private ChangeSource.Activity seen;
    private long movedNanos;
    /// The walsender that served the reader when the reader last received something; null before that.
    private @Nullable Integer walsender;
    private boolean warned;
    private volatile SlotHealth health = SlotHealth.UNKNOWN;

    /// The guardian's settings.
    ///
    /// @param heartbeat  the time between heartbeats
    /// @param stallAfter how long a reader may make no progress and do no work before it is restarted
    /// @param lagBytesWarn the guardian warns when the slot retains more bytes of the log
    public record Settings(Duration heartbeat, Duration stallAfter, long lagBytesWarn) {
        public Settings {
            requireNonNull(heartbeat, "heartbeat is null");
            requireNonNull(stallAfter, "stallAfter is null");
        }
    }

    private record Beat(Lsn lsn, long nanos) {}

    /// @param nanoTime a monotonic clock
    public SlotGuardian(
            PostgresUrl url, String slotName, ChangeSource source, Settings settings, LongSupplier nanoTime) {
        this.probe = new SlotProbe(url, slotName);
        this.source = requireNonNull(source, "source is null");
        this.seen = source.activity();
        this.settings = requireNonNull(settings, "settings is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.lag = new FeedLag(settings.heartbeat(), nanoTime);
        this.periodic = new Periodic("slot-guardian", settings.heartbeat(), new Look());
    }

    /// Returns the lag. The guardian adds the heartbeats; the caller must report everything else.
    public FeedLag lag() {
        return lag;
    }

    /// Starts the thread. The source must have been started.
    public void start(Supervisor supervisor) {
        movedNanos = nanoTime.getAsLong();
        periodic.start(supervisor);
    }

    public SlotHealth health() {
        return health;
    }

    private final class Look implements Periodic.Work {
        @Override
        public void run(TaskActivity activity) {
            try {
                look();
            } catch (SQLException e) {
                probe.close();
                // The source logs what is wrong with the database.
                log.debug("Cannot read the slot: {}", e.getMessage());
            }
        }

        @Override
        public void end() {
            probe.close();
        }
    }

    private void look() throws SQLException {
        long now = nanoTime.getAsLong();
        ChangeSource.Activity activity = source.activity();
        boolean moves = moves(activity, now);
        beats.removeIf(beat -> activity.reached().isAfter(beat.lsn));
        Optional<SlotStatus> status = probe.status();
        health = health(status, now);
        if (status.isPresent()) {
            warn(status.get());
            if (status.get().pid() != null && status.get().decoding()) {
                lag.decodes();
            }
            mend(status.get(), moves, now);
        }
        long before = nanoTime.getAsLong();
        Lsn beat = probe.beat();
        lag.beat(beat, before);
        if (beats.size() < BEATS_MAX) {
            beats.add(new Beat(beat, now));
        }
    }

    /// Whether the reader has received anything, or has restarted, since the last call.
    private boolean moves(ChangeSource.Activity activity, long now) {
        boolean moves = !activity.equals(seen);
        if (moves || activity.delivering()) {
            movedNanos = now;
        }
        seen = activity;
        return moves;
    }

    private SlotHealth health(Optional<SlotStatus> status, long now) {
        Duration lag = beats.isEmpty() ? Duration.ZERO : Duration.ofNanos(now - beats.getFirst().nanos);
        return status.map(slot -> new SlotHealth(slot.walStatus(), slot.retainedBytes(), lag))
                .orElse(new SlotHealth(null, 0, lag));
    }

    private void warn(SlotStatus slot) {
        boolean endangered = "unreserved".equals(slot.walStatus()) || slot.retainedBytes() > settings.lagBytesWarn;
        if (endangered && !warned) {
            log.warn(
                    "The slot holds back {} MiB of the database's log (wal_status {}, {}). Is the reader too slow, or"
                            + " are clients' questions? Beyond max_slot_wal_keep_size Postgres drops the slot's log.",
                    slot.retainedBytes() >> 20,
                    slot.walStatus(),
                    slot.safeBytes() == null ? "no limit set" : (slot.safeBytes() >> 20) + " MiB to the limit");
        }
        warned = endangered;
    }

    /// A source that does not read tries again by itself. But the slot stays in use as long as the walsender of
    /// its last reading has not noticed that its reader is gone.
    private void mend(SlotStatus slot, boolean moves, long now) throws SQLException {
        switch (seen.reading()) {
            case NONE -> endWalsender(slot);
            case OPENING -> mendStall(slot, STARTING_MAX, now);
            case RECEIVING -> {
                if (moves) {
                    walsender = slot.pid();
                }
                mendStall(slot, settings.stallAfter, now);
            }
        }
    }

    private void endWalsender(SlotStatus slot) throws SQLException {
        Integer pid = slot.pid();
        if (pid != null && pid.equals(walsender)) {
            probe.end(pid);
        }
    }

    /// A walsender that decodes a large transaction sends nothing for a long time, and a listener may take long
    /// too. Neither is a stall.
    ///
    /// @param patienceMin how long this reader may take at least
    private void mendStall(SlotStatus slot, Duration patienceMin, long now) throws SQLException {
        boolean atWork = slot.pid() != null && slot.decoding();
        long patienceNanos = Math.max(patienceMin.toNanos(), settings.stallAfter.toNanos());
        if (!beats.isEmpty() && !atWork && now - Math.max(beats.getFirst().nanos, movedNanos) > patienceNanos) {
            String reason = slot.pid() == null
                    ? "no process reads the slot"
                    : "the reader does not receive what Postgres has sent";
            log.warn("The feed has stalled and is restarted: {}", reason);
            source.restart(reason);
            endWalsender(slot);
            movedNanos = now;
        }
    }

    @Override
    public void close() {
        periodic.close();
    }
}
