package dev.walcast.server.metrics;

import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// All metrics of one server. A metric costs nothing until a scraper asks, but for a counter's addition where it
/// counts.
/// Labels come from enums and from names in the server's own code, so their number is bounded. Safe for any thread.
public final class ServerMetrics {
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ExpositionFormats formats = ExpositionFormats.init();

    /// @param parts each registers the metrics of one part of the server
    public ServerMetrics(List<Consumer<PrometheusRegistry>> parts) {
        JvmMetrics.builder().register(registry);
        parts.forEach(part -> part.accept(registry));
    }

    /// The answer to a scraper.
    ///
    /// @param contentType of the body
    public record Scrape(String contentType, byte[] body) {}

    /// Reads all metrics.
    ///
    /// @param accept the scraper's `Accept` header, which chooses the format; null for the Prometheus text format
    public Scrape scrape(@Nullable String accept) {
        ExpositionFormatWriter writer = formats.findWriter(accept);
        ByteArrayOutputStream body = new ByteArrayOutputStream(16 * 1024);
        try {
            writer.write(body, snapshots());
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return new Scrape(writer.getContentType(), body.toByteArray());
    }

    /// What is exposed right now, sorted by name.
    public MetricSnapshots snapshots() {
        return registry.scrape();
    }
}
