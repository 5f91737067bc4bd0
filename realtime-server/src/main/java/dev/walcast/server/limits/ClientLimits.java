package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What clients may do on their channels, each by itself and all together.
///
/// @param privateOnly    whether only private channels may be joined
/// @param usersMax       sockets with a channel, on the whole server
/// @param clientShare    percent of a bound of the whole server that one user or address may take
/// @param topicChecksMax questions about private topics that the database is asked at once, on the whole server
/// @param privateRecheck how often the rights of a private channel are asked again
/// @param privateGrace   how much longer they are used when the database does not answer
/// @param joins          of all sockets together
/// @param clientJoins    of one socket
/// @param messages       pushes of one socket
/// @param presence       presence pushes of one socket
/// @param presenceWindow presence pushes of one channel
public record ClientLimits(
        boolean privateOnly,
        int usersMax,
        int clientShare,
        int topicChecksMax,
        Duration privateRecheck,
        Duration privateGrace,
        Rate joins,
        Rate clientJoins,
        Rate messages,
        Rate presence,
        Window presenceWindow) {
    public ClientLimits {
        if (Math.min(usersMax, topicChecksMax) < 1) {
            throw new IllegalArgumentException("usersMax or topicChecksMax is below 1");
        }
        if (clientShare < 1 || clientShare > 100) {
            throw new IllegalArgumentException("clientShare is not between 1 and 100");
        }
        if (!privateRecheck.isPositive() || privateGrace.isNegative()) {
            throw new IllegalArgumentException("privateRecheck is not positive or privateGrace is negative");
        }
        requireNonNull(joins, "joins is null");
        requireNonNull(clientJoins, "clientJoins is null");
        requireNonNull(messages, "messages is null");
        requireNonNull(presence, "presence is null");
        requireNonNull(presenceWindow, "presenceWindow is null");
    }

    /// @param perSecond the sustained rate
    /// @param burst     how many may come at once after a pause
    public record Rate(int perSecond, int burst) {
        private static final int BURST_SECONDS = 10;

        public Rate {
            if (perSecond < 1 || burst < 1) {
                throw new IllegalArgumentException("a rate is below 1");
            }
        }

        /// A rate with a burst of ten seconds' worth, because clients that reconnect do everything again at the same
        /// time.
        public static Rate of(int perSecond) {
            return new Rate(perSecond, Math.multiplyExact(perSecond, BURST_SECONDS));
        }
    }

    /// @param length the time after which all of it may be used again
    public record Window(int max, Duration length) {
        public Window {
            if (max < 1 || !length.isPositive()) {
                throw new IllegalArgumentException("a window is empty");
            }
        }
    }

    /// One client's share of [#usersMax].
    public int usersOfClientMax() {
        return shareOf(usersMax);
    }

    /// One client's share of [#topicChecksMax].
    public int topicChecksOfClientMax() {
        return shareOf(topicChecksMax);
    }

    /// One client's share of [#joins].
    public Rate joinsOfClient() {
        return new Rate(shareOf(joins.perSecond), shareOf(joins.burst));
    }

    /// One client's share of a bound; at least one.
    public int shareOf(int max) {
        return (int) Math.max(1, (long) max * clientShare / 100);
    }

    public static ClientLimits defaults() {
        return new ClientLimits(
                false,
                10_000,
                50,
                8,
                Duration.ofSeconds(30),
                Duration.ofSeconds(15),
                Rate.of(2_500),
                Rate.of(100),
                Rate.of(100),
                Rate.of(50),
                new Window(5, Duration.ofSeconds(30)));
    }
}
