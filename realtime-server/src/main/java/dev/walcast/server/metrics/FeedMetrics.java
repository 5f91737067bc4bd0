package dev.walcast.server.metrics;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ChangeSource;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.slot.SlotHealth;
import dev.walcast.server.window.FeedStatus;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// The feed of changes: its reader, its slot, and how far it is behind.
///
/// @param source what reads the log
/// @param slot   the slot when it was last looked at
/// @param status how far changes were delivered
/// @param lag    the age of the oldest change that may not be delivered
public record FeedMetrics(
        ChangeSource source, Supplier<SlotHealth> slot, Supplier<FeedStatus> status, Supplier<Duration> lag)
        implements Consumer<PrometheusRegistry> {
    private static final List<String> WAL_STATUSES = List.of("reserved", "extended", "unreserved", "lost", "none");

    public FeedMetrics {
        requireNonNull(source, "source is null");
        requireNonNull(slot, "slot is null");
        requireNonNull(status, "status is null");
        requireNonNull(lag, "lag is null");
    }

    @Override
    public void accept(PrometheusRegistry registry) {
        Gauges gauges = new Gauges(registry);
        reader(gauges);
        slot(gauges);
        window(gauges);
    }

    private void reader(Gauges gauges) {
        gauges.seconds(
                        "walcast_delivery_lag_seconds",
                        "The age of the oldest change that may not be delivered; 0 when all changes are.",
                        () -> lag.get().toNanos())
                .state(
                        "walcast_feed_state",
                        "The state of the reader of the log: 1 for the present one.",
                        "state",
                        List.of("idle", "starting", "streaming", "reconnecting", "stopped", "failed"),
                        () -> state(source.state()))
                .counter(
                        "walcast_reader_starts_total",
                        "Readings of the log that have begun; each but the first is a restart.",
                        () -> source.activity().readings())
                .counter(
                        "walcast_reader_records_total",
                        "Records that the database sent.",
                        () -> source.activity().records())
                .gauge(
                        "walcast_wal_unread_bytes",
                        "The log between what the reader has received and the log's end.",
                        this::unreadBytes);
    }

    private double unreadBytes() {
        long end = status.get().walEnd().value();
        return Math.max(0, end - source.activity().reached().value());
    }

    /// The state as the metric spells it.
    public static String state(SourceState state) {
        return switch (state) {
            case SourceState.Idle _ -> "idle";
            case SourceState.Starting _ -> "starting";
            case SourceState.Streaming _ -> "streaming";
            case SourceState.Reconnecting _ -> "reconnecting";
            case SourceState.Stopped _ -> "stopped";
            case SourceState.Failed _ -> "failed";
        };
    }

    private void slot(Gauges gauges) {
        gauges.gauge(
                        "walcast_slot_retained_bytes",
                        "The log that Postgres keeps for the slot.",
                        () -> slot.get().retainedBytes())
                .state(
                        "walcast_slot_wal_status",
                        "The slot's wal_status: 1 for the present one. none: there is no slot.",
                        "wal_status",
                        WAL_STATUSES,
                        () -> {
                            String status = slot.get().walStatus();
                            return status == null ? "none" : status;
                        })
                .seconds(
                        "walcast_heartbeat_lag_seconds",
                        "The age of the oldest heartbeat that the reader has not passed.",
                        () -> slot.get().lag().toNanos());
    }

    private void window(Gauges gauges) {
        gauges.gauge(
                        "walcast_window_transactions",
                        "Transactions in the replay window.",
                        () -> status.get().transactions())
                .gauge(
                        "walcast_window_bytes",
                        "Memory of the replay window.",
                        () -> status.get().bytes())
                .gauge(
                        "walcast_window_retained_bytes",
                        "The log that the replay window keeps the slot from passing.",
                        () -> status.get().retainedBytes());
    }
}
