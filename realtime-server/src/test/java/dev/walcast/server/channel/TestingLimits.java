package dev.walcast.server.channel;

import dev.walcast.server.socket.SocketLimits;
import java.time.Duration;

/// Limits for a test, which names only those it is about.
final class TestingLimits {
    private final SocketLimits defaults = SocketLimits.defaults();
    private Duration upgradeRefusalDelay = Duration.ofMillis(50);
    private Duration joinRefusalDelay = Duration.ofMillis(50);
    private Duration requestTimeout = defaults.requestTimeout();
    private Duration idleTimeout = defaults.idleTimeout();
    private Duration writeTimeout = defaults.writeTimeout();
    private Duration closeTimeout = defaults.closeTimeout();
    private long outboxBytesMax = defaults.outboxBytesMax();
    private int payloadBytesMax = defaults.payloadBytesMax();
    private int socketsMax = defaults.socketsMax();
    private int channelsMax = defaults.channelsMax();
    private int bindingsMax = defaults.bindingsMax();

    TestingLimits upgradeRefusalDelay(Duration delay) {
        upgradeRefusalDelay = delay;
        return this;
    }

    TestingLimits joinRefusalDelay(Duration delay) {
        joinRefusalDelay = delay;
        return this;
    }

    TestingLimits requestTimeout(Duration timeout) {
        requestTimeout = timeout;
        return this;
    }

    TestingLimits idleTimeout(Duration timeout) {
        idleTimeout = timeout;
        return this;
    }

    TestingLimits writeTimeout(Duration timeout) {
        writeTimeout = timeout;
        return this;
    }

    TestingLimits closeTimeout(Duration timeout) {
        closeTimeout = timeout;
        return this;
    }

    TestingLimits outboxBytesMax(long bytes) {
        outboxBytesMax = bytes;
        return this;
    }

    TestingLimits payloadBytesMax(int bytes) {
        payloadBytesMax = bytes;
        return this;
    }

    TestingLimits socketsMax(int sockets) {
        socketsMax = sockets;
        return this;
    }

    TestingLimits channelsMax(int channels) {
        channelsMax = channels;
        return this;
    }

    TestingLimits bindingsMax(int bindings) {
        bindingsMax = bindings;
        return this;
    }

    SocketLimits build() {
        return new SocketLimits(
                upgradeRefusalDelay,
                joinRefusalDelay,
                requestTimeout,
                idleTimeout,
                writeTimeout,
                closeTimeout,
                outboxBytesMax,
                defaults.messageBytesMax(),
                payloadBytesMax,
                socketsMax,
                channelsMax,
                bindingsMax);
    }
}
