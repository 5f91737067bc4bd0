/// Prometheus metrics. Parts of the server count by themselves; this package names their numbers and reads them when a
/// scraper asks.
@NullMarked
package dev.walcast.server.metrics;

import org.jspecify.annotations.NullMarked;
