package dev.walcast.server.health;

import static java.util.Objects.requireNonNull;

import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Combines the health reports of all sources. Safe for any thread.
public final class Health {
    private static final Logger log = LoggerFactory.getLogger(Health.class);

    private final List<HealthSource> sources;
    private final AtomicReference<Report> last = new AtomicReference<>(new Report(Set.of()));

    public Health(List<HealthSource> sources) {
        this.sources = List.copyOf(sources);
    }

    /// The server's health at one moment.
    ///
    /// @param reasons empty when the server is ready
    public record Report(Set<HealthReason> reasons) {
        public Report {
            requireNonNull(reasons, "reasons is null");
            reasons = Set.copyOf(reasons);
        }

        /// The worst readiness of all reasons.
        public Readiness readiness() {
            return reasons.stream()
                    .map(HealthReason::readiness)
                    .max(Readiness::compareTo)
                    .orElse(Readiness.READY);
        }

        /// The codes, in the order of the enum.
        public List<String> codes() {
            return reasons.stream().sorted().map(HealthReason::code).toList();
        }
    }

    /// Asks all sources. Logs a report that differs from the previous one.
    public Report report() {
        Set<HealthReason> reasons = EnumSet.noneOf(HealthReason.class);
        sources.forEach(source -> reasons.addAll(of(source)));
        Report report = new Report(reasons);
        if (!last.getAndSet(report).equals(report)) {
            log.info("The server is {} {}", report.readiness().code(), report.codes());
        }
        return report;
    }

    private static Set<HealthReason> of(HealthSource source) {
        try {
            return source.reasons().collect(Collectors.toSet());
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.error("A part of the server failed to report its health", e);
            return Set.of(HealthReason.HEALTH_UNKNOWN);
        }
    }
}
