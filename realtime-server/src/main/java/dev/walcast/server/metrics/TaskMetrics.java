package dev.walcast.server.metrics;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.TaskStatus;
import dev.walcast.server.health.Health;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.health.Readiness;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Set;
import java.util.function.Consumer;

/// The process: its health, its supervised threads, its version.
public record TaskMetrics(Supervisor supervisor, Health health, String version)
        implements Consumer<PrometheusRegistry> {
    public TaskMetrics {
        requireNonNull(supervisor, "supervisor is null");
        requireNonNull(health, "health is null");
        requireNonNull(version, "version is null");
    }

    @Override
    public void accept(PrometheusRegistry registry) {
        CounterWithCallback.builder()
                .name("walcast_task_restarts_total")
                .help("Restarts of supervised threads.")
                .labelNames("task")
                .callback(callback -> {
                    for (TaskStatus task : supervisor.tasks()) {
                        callback.call((double) task.restarts(), task.name());
                    }
                })
                .register(registry);
        GaugeWithCallback.builder()
                .name("walcast_health_reason")
                .help("1 for each reason that /readyz gives.")
                .labelNames("reason")
                .callback(this::reasons)
                .register(registry);
        new Gauges(registry)
                .gauge(
                        "walcast_ready",
                        "1 when /readyz answers 200.",
                        () -> health.report().readiness() == Readiness.NOT_READY ? 0 : 1);
        Info.builder()
                .name("walcast_build_info")
                .help("The version.")
                .labelNames("version")
                .register(registry)
                .addLabelValues(version);
    }

    private void reasons(GaugeWithCallback.Callback callback) {
        Set<HealthReason> present = health.report().reasons();
        for (HealthReason reason : HealthReason.values()) {
            callback.call(present.contains(reason) ? 1 : 0, reason.code());
        }
    }
}
