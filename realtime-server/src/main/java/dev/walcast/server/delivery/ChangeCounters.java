package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.guard.Verdict;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// What the change path has done since the start. Any thread may read.
public final class ChangeCounters {
    private final LongAdder changes = new LongAdder();
    private final LongAdder deliveries = new LongAdder();
    private final LongAdder knownDeletes = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final LongAdder dropped = new LongAdder();
    private volatile long droppedAt;
    private final Map<Verdict.Reason, LongAdder> hidden = new EnumMap<>(Verdict.Reason.class);

    public ChangeCounters() {
        for (Verdict.Reason reason : Verdict.Reason.values()) {
            hidden.put(reason, new LongAdder());
        }
    }

    /// Counts a change that was offered to subscriptions.
    public void countChange() {
        changes.increment();
    }

    void countDelivery() {
        deliveries.increment();
    }

    void countKnownDelete() {
        knownDeletes.increment();
    }

    /// DELETEs that were told by their key, because the client had the row.
    public long knownDeletes() {
        return knownDeletes.sum();
    }

    /// Counts changes that waited for too long, and remembers when that was.
    public void countDropped(int count) {
        dropped.add(count);
        droppedAt = System.nanoTime();
    }

    /// Whether changes were dropped within this time.
    public boolean droppedWithin(Duration time) {
        return dropped.sum() > 0 && System.nanoTime() - droppedAt < time.toNanos();
    }

    /// Changes that were dropped because the rights of their table could not be confirmed in time.
    public long dropped() {
        return dropped.sum();
    }

    void countFailure() {
        failures.increment();
    }

    /// Changes hidden from a subscription because its filter or policies could not be evaluated.
    public long failures() {
        return failures.sum();
    }

    void countHidden(Verdict.Reason reason) {
        requireNonNull(hidden.get(reason)).increment();
    }

    /// Changes that came from the log.
    public long changes() {
        return changes.sum();
    }

    /// Changes handed to channels; one change for two channels counts twice.
    public long deliveries() {
        return deliveries.sum();
    }

    /// How often a change was withheld from a viewer, for this reason.
    public long hidden(Verdict.Reason reason) {
        return requireNonNull(hidden.get(reason)).sum();
    }
}
