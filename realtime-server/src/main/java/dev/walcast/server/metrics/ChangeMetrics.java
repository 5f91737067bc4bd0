package dev.walcast.server.metrics;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.rights.Rights;
import dev.walcast.server.changes.ChangePath;
import dev.walcast.server.delivery.ChangeCounters;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.Consumer;

/// Changes and the subscriptions that receive them.
///
/// @param path from the log to subscriptions
/// @param rights the rights that decide about changes
public record ChangeMetrics(ChangePath path, Rights rights) implements Consumer<PrometheusRegistry> {
    public ChangeMetrics {
        requireNonNull(rights, "rights is null");
        requireNonNull(path, "path is null");
    }

    @Override
    public void accept(PrometheusRegistry registry) {
        Gauges gauges = new Gauges(registry);
        changes(gauges, path.counters());
        subscriptions(gauges);
    }

    private static void changes(Gauges gauges, ChangeCounters counters) {
        gauges.counter("walcast_changes_total", "Changes of published tables that were committed.", counters::changes)
                .counter(
                        "walcast_changes_delivered_total",
                        "Changes handed to channels; one change for two channels counts twice.",
                        counters::deliveries)
                .counters(
                        "walcast_changes_hidden_total",
                        "Changes that matched a subscription and were not delivered to it, by reason.",
                        "reason",
                        Verdict.Reason.values(),
                        counters::hidden)
                .counter(
                        "walcast_changes_failed_total",
                        "Changes whose filter or policies could not be evaluated for a subscription.",
                        counters::failures)
                .counter(
                        "walcast_changes_dropped_total",
                        "Changes that waited for too long for rights or answers of Postgres.",
                        counters::dropped)
                .counter(
                        "walcast_deletes_by_key_total",
                        "DELETEs that were delivered by their key, because the client had the row.",
                        counters::knownDeletes);
    }

    private void subscriptions(Gauges gauges) {
        gauges.seconds(
                        "walcast_rights_age_seconds",
                        "The time since the rights and policies of all tables in use were last read from Postgres.",
                        rights::ageNanos)
                .gauge("walcast_subscriptions", "Channels and streams subscribed to changes.", path::subscriptions)
                .gauge(
                        "walcast_subscriptions_waiting",
                        "Subscriptions that wait for rights or answers of Postgres.",
                        path::waiting)
                .gauge("walcast_tables_set_aside", "Tables that the reader leaves out.", path::tablesSetAside)
                .counter(
                        "walcast_snapshots_total",
                        "Readings of rows for clients that begin with them.",
                        path::snapshots)
                .gauge("walcast_snapshots_running", "Readings under way.", path::snapshotsUnderWay)
                .gauge("walcast_snapshots_waiting", "Clients that wait for a reading.", path::waitingSnapshots)
                .gauge("walcast_delete_keys_bytes", "Memory of the keys of delivered rows.", path::deleteKeysBytes)
                .counter(
                        "walcast_delete_keys_evictions_total",
                        "Bindings that had to forget the keys of their rows.",
                        path::deleteKeysEvictions);
    }
}
