package dev.walcast.server.testing;

import dev.walcast.server.limits.ClientLimits;
import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.limits.SocketLimits;
import java.time.Duration;

/// Limits for tests, which set only those that they need.
public final class TestingLimits {
    private static final Rate UNLIMITED = new Rate(1_000_000, 1_000_000);

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
    private boolean privateOnly;
    private int usersMax = defaults.clients().usersMax();
    private int clientShare = 100;
    private int topicChecksMax = defaults.clients().topicChecksMax();
    private Duration privateRecheck = defaults.clients().privateRecheck();
    private Duration privateGrace = defaults.clients().privateGrace();
    private Rate joins = UNLIMITED;
    private Rate clientJoins = UNLIMITED;
    private Rate messages = UNLIMITED;
    private Rate presence = UNLIMITED;
    private ClientLimits.Window presenceWindow =
            SocketLimits.defaults().clients().presenceWindow();

    public TestingLimits upgradeRefusalDelay(Duration delay) {
        upgradeRefusalDelay = delay;
        return this;
    }

    public TestingLimits joinRefusalDelay(Duration delay) {
        joinRefusalDelay = delay;
        return this;
    }

    public TestingLimits requestTimeout(Duration timeout) {
        requestTimeout = timeout;
        return this;
    }

    public TestingLimits idleTimeout(Duration timeout) {
        idleTimeout = timeout;
        return this;
    }

    public TestingLimits writeTimeout(Duration timeout) {
        writeTimeout = timeout;
        return this;
    }

    TestingLimits closeTimeout(Duration timeout) {
        closeTimeout = timeout;
        return this;
    }

    public TestingLimits outboxBytesMax(long bytes) {
        outboxBytesMax = bytes;
        return this;
    }

    public TestingLimits payloadBytesMax(int bytes) {
        payloadBytesMax = bytes;
        return this;
    }

    public TestingLimits socketsMax(int sockets) {
        socketsMax = sockets;
        return this;
    }

    public TestingLimits channelsMax(int channels) {
        channelsMax = channels;
        return this;
    }

    public TestingLimits bindingsMax(int bindings) {
        bindingsMax = bindings;
        return this;
    }

    public TestingLimits privateOnly() {
        privateOnly = true;
        return this;
    }

    public TestingLimits usersMax(int users) {
        usersMax = users;
        return this;
    }

    public TestingLimits clientShare(int percent) {
        clientShare = percent;
        return this;
    }

    public TestingLimits topicChecksMax(int atOnce) {
        topicChecksMax = atOnce;
        return this;
    }

    public TestingLimits privateRecheck(Duration every, Duration grace) {
        privateRecheck = every;
        privateGrace = grace;
        return this;
    }

    public TestingLimits joins(int perSecond, int burst) {
        joins = new Rate(perSecond, burst);
        return this;
    }

    public TestingLimits clientJoins(int perSecond, int burst) {
        clientJoins = new Rate(perSecond, burst);
        return this;
    }

    public TestingLimits messages(int perSecond, int burst) {
        messages = new Rate(perSecond, burst);
        return this;
    }

    /// So often may one channel speak of its presence in a minute.
    public TestingLimits presenceWindow(int max) {
        presenceWindow = new ClientLimits.Window(max, Duration.ofMinutes(1));
        return this;
    }

    public TestingLimits presence(int perSecond, int burst) {
        presence = new Rate(perSecond, burst);
        return this;
    }

    private ClientLimits clients() {
        return new ClientLimits(
                privateOnly,
                usersMax,
                clientShare,
                topicChecksMax,
                privateRecheck,
                privateGrace,
                joins,
                clientJoins,
                messages,
                presence,
                presenceWindow);
    }

    public SocketLimits build() {
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
                bindingsMax,
                defaults.joinBytesMax(),
                clients());
    }
}
