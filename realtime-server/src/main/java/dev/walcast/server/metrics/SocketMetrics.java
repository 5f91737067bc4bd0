package dev.walcast.server.metrics;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.session.SocketServer;
import dev.walcast.server.socket.SocketStats;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.Unit;
import java.util.function.Consumer;

/// Clients and what they send and receive.
public final class SocketMetrics implements Consumer<PrometheusRegistry> {
    private final SocketServer sockets;
    private final TokenVerifier tokens;

    public SocketMetrics(SocketServer sockets, TokenVerifier tokens) {
        this.tokens = requireNonNull(tokens, "tokens is null");
        this.sockets = requireNonNull(sockets, "sockets is null");
    }

    @Override
    public void accept(PrometheusRegistry registry) {
        Gauges gauges = new Gauges(registry);
        clients(gauges);
        traffic(gauges, sockets.stats());
        memory(gauges, sockets.memory());
        latency(registry, sockets.stats());
    }

    private static void latency(PrometheusRegistry registry, SocketStats stats) {
        Histogram histogram = Histogram.builder()
                .name("walcast_commit_to_socket_seconds")
                .help(
                        "The time from the commit of a change until it was written to a socket; one for each write, that of"
                                + " its oldest change. Changes of the past are not counted.")
                .unit(Unit.SECONDS)
                .classicUpperBounds(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
                .register(registry);
        stats.measureLatency(nanos -> histogram.observe(nanos / 1e9));
    }

    private void clients(Gauges gauges) {
        SocketStats stats = sockets.stats();
        gauges.gauge("walcast_connections", "Open WebSockets.", stats::connected)
                .gauge("walcast_users", "Sockets and streams that have joined a channel.", sockets::users)
                .gauge("walcast_channels", "Joined channels, streams included.", sockets::channels)
                .gauge("walcast_topics", "Topics that have a receiver.", sockets::openRooms)
                .gauge("walcast_presence_topics", "Topics that have presence.", sockets::presenceRooms)
                .counter("walcast_joins_total", "Joins that made a channel.", stats::joined)
                .codes("walcast_joins_refused_total", "Joins that were refused, by code.", "code", stats::refusedJoins)
                .codes("walcast_tokens_rejected_total", "Tokens that were rejected, by code.", "code", tokens::refused)
                .counter("walcast_sockets_opened_total", "WebSockets that were opened.", stats::opened)
                .counters(
                        "walcast_sockets_closed_total",
                        "WebSockets that ended, by reason.",
                        "reason",
                        CloseReason.values(),
                        stats::closed)
                .counter(
                        "walcast_upgrades_refused_total",
                        "WebSocket requests that were refused.",
                        stats::refusedUpgrades)
                .gauge(
                        "walcast_private_questions",
                        "Different questions about private topics that are asked again and again.",
                        () -> sockets.privateRights().size());
    }

    private static void traffic(Gauges gauges, SocketStats stats) {
        gauges.counter("walcast_frames_received_total", "Messages received, control frames included.", stats::framesIn)
                .counter("walcast_received_bytes_total", "Bytes of messages received.", stats::bytesIn)
                .counter("walcast_frames_sent_total", "Messages sent.", stats::framesOut)
                .counter("walcast_sent_bytes_total", "Bytes sent.", stats::bytesOut)
                .counter("walcast_socket_writes_total", "Writes; several messages may share one.", stats::writes)
                .counter(
                        "walcast_messages_malformed_total",
                        "Received messages that are not part of the protocol.",
                        stats::malformed)
                .counter(
                        "walcast_requests_dropped_total",
                        "Requests that a bound made the server ignore.",
                        stats::dropped)
                .counter(
                        "walcast_pushes_denied_total",
                        "Pushes that the policies of a private topic denied.",
                        stats::denied);
    }

    private static void memory(Gauges gauges, MemoryBudget memory) {
        gauges.gauge("walcast_memory_budget_bytes", "MEMORY_BUDGET: what clients may occupy.", memory::bytesMax)
                .gauge("walcast_memory_used_bytes", "What clients occupy.", memory::used)
                .counter("walcast_memory_refusals_total", "Requests refused for lack of memory.", memory::refusals)
                .counter(
                        "walcast_memory_endings_total",
                        "Clients disconnected because they occupied most.",
                        memory::endings);
    }
}
