package dev.walcast.server.metrics;

import dev.walcast.server.protocol.ErrorCode;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/// Registers numbers that other parts keep. They are read at a scrape, by the scraper's thread.
final class Gauges {
    private static final double NANOS_PER_SECOND = 1e9;

    private final PrometheusRegistry registry;

    Gauges(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /// A number that goes up and down.
    Gauges gauge(String name, String help, DoubleSupplier value) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call(value.getAsDouble()))
                .register(registry);
        return this;
    }

    /// A time, in seconds.
    ///
    /// @param nanos its source
    Gauges seconds(String name, String help, LongSupplier nanos) {
        return gauge(name, help, () -> nanos.getAsLong() / NANOS_PER_SECOND);
    }

    /// A number that only grows.
    ///
    /// @param name ends in `_total`
    Gauges counter(String name, String help, LongSupplier value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .callback(callback -> callback.call((double) value.getAsLong()))
                .register(registry);
        return this;
    }

    /// A number that only grows, for each constant of an enum. All constants are exposed from the start, so that a rate
    /// can be taken of the first event.
    <E extends Enum<E>> Gauges counters(String name, String help, String label, E[] values, ToLongFunction<E> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(callback ->
                        Arrays.stream(values).forEach(one -> callback.call((double) value.applyAsLong(one), code(one))))
                .register(registry);
        return this;
    }

    /// A number that only grows, for each code of refusals. Refusals that share a code are added up.
    Gauges codes(String name, String help, String label, ToLongFunction<ErrorCode> value) {
        CounterWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(callback -> Arrays.stream(ErrorCode.values())
                        .collect(Collectors.groupingBy(ErrorCode::code, Collectors.summingLong(value)))
                        .forEach((code, count) -> callback.call((double) count, code)))
                .register(registry);
        return this;
    }

    /// One of several states: 1 for the present one, 0 for the others.
    Gauges state(String name, String help, String label, Iterable<String> states, Supplier<String> now) {
        GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(callback -> {
                    String present = now.get();
                    states.forEach(state -> callback.call(state.equals(present) ? 1 : 0, state));
                })
                .register(registry);
        return this;
    }

    static String code(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
