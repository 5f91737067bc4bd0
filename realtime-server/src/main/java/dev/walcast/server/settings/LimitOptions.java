package dev.walcast.server.settings;

import dev.walcast.server.limits.ClientLimits;
import dev.walcast.server.limits.ClientLimits.Rate;
import dev.walcast.server.limits.SocketLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/// The settings that limit what clients may do.
final class LimitOptions {
    /// How long a client may take to answer a close frame.
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    private static final int RATE_MAX = 1_000_000;

    @Option(
            names = "--outbox",
            paramLabel = "SIZE",
            defaultValue = "32MiB",
            description = "How many bytes may wait for a slow client before it is disconnected.")
    private ByteSize outbox = new ByteSize(0);

    @Option(
            names = "--write-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long one write to a client may take before it is disconnected.")
    private Duration writeTimeout = Duration.ZERO;

    @Option(
            names = "--request-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long a client may take to send a request's head.")
    private Duration requestTimeout = Duration.ZERO;

    @Option(
            names = "--idle-timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description =
                    "How long a client may be silent before it is disconnected; official clients send a heartbeat every 15 to 25 seconds."
                            + " An event stream gets a comment after a quarter of it.")
    private Duration idleTimeout = Duration.ZERO;

    @Option(
            names = "--join-error-delay",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long a refused join waits for its reply, against retry storms.")
    private Duration joinErrorDelay = Duration.ZERO;

    @Option(
            names = "--refusal-delay",
            paramLabel = "TIME",
            defaultValue = "2s",
            description = "How long a refused upgrade waits for its response.")
    private Duration refusalDelay = Duration.ZERO;

    @Option(
            names = "--max-payload",
            paramLabel = "SIZE",
            defaultValue = "3000500",
            description = "The largest payload of a broadcast.")
    private ByteSize maxPayload = new ByteSize(0);

    @Option(
            names = "--max-frame",
            paramLabel = "SIZE",
            defaultValue = "5000000",
            description = "The largest WebSocket message.")
    private ByteSize maxFrame = new ByteSize(0);

    @Option(
            names = "--max-record",
            paramLabel = "SIZE",
            defaultValue = "1MiB",
            description = "The largest change. Of a larger one, only values of up to 64 bytes are sent.")
    private ByteSize maxRecord = new ByteSize(0);

    @Option(
            names = "--max-connections",
            paramLabel = "COUNT",
            defaultValue = "16384",
            description =
                    "How many sockets and event streams may be open at once. 1000 more connections serve other requests;"
                            + " those that wait for their client are closed first when places are short.")
    private int maxConnections;

    @Option(
            names = "--max-channels",
            paramLabel = "COUNT",
            defaultValue = "100",
            description = "How many channels one client may have.")
    private int maxChannels;

    @Option(
            names = "--max-bindings",
            paramLabel = "COUNT",
            defaultValue = "200",
            description = "How many postgres_changes entries one channel may have; all of them must fit into"
                    + " MAX_JOIN_SIZE.")
    private int maxBindings;

    @Option(
            names = "--max-join-size",
            paramLabel = "SIZE",
            defaultValue = "64KiB",
            description =
                    "The largest payload of a join, with all its bindings, filters and token, and of a message with"
                            + " a new token.")
    private ByteSize maxJoinSize = new ByteSize(0);

    @Option(
            names = "--private-only",
            paramLabel = "BOOLEAN",
            arity = "0..1",
            fallbackValue = "true",
            defaultValue = "false",
            description = "Whether only private channels may be joined: true or false.")
    private boolean privateOnly;

    @Option(
            names = "--max-users",
            paramLabel = "COUNT",
            defaultValue = "10000",
            description = "How many clients may have channels at the same time.")
    private int maxUsers;

    @Option(
            names = "--client-share",
            paramLabel = "PERCENT",
            defaultValue = "50",
            description = "The percentage of MAX_USERS, MAX_JOINS_PER_SECOND, MAX_TOPIC_CHECKS, MAX_CURSORS and"
                    + " DELETE_KEYS_MEMORY one client may use. A client is a user (the token's `sub`), or all connections without a user from one address. Behind a proxy, set"
                    + " TRUSTED_PROXIES.")
    private int clientShare;

    @Option(
            names = "--max-joins-per-second",
            paramLabel = "COUNT",
            defaultValue = "2500",
            description = "How many channels all clients together may join in a second; ten times as many at once.")
    private int maxJoins;

    @Option(
            names = "--max-client-joins-per-second",
            paramLabel = "COUNT",
            defaultValue = "100",
            description = "How many channels one client may join in a second; ten times as many at once.")
    private int maxClientJoins;

    @Option(
            names = "--max-messages-per-second",
            paramLabel = "COUNT",
            defaultValue = "100",
            description =
                    "How many messages one client may send in a second, ten times as many at once; what it receives does not count.")
    private int maxMessages;

    @Option(
            names = "--max-presence-per-second",
            paramLabel = "COUNT",
            defaultValue = "50",
            description = "How many presence messages one client may send in a second; ten times as many at once.")
    private int maxPresence;

    @Option(
            names = "--presence-window-max",
            paramLabel = "COUNT",
            defaultValue = "5",
            description = "How many presence messages one channel may send in PRESENCE_WINDOW.")
    private int presenceWindowMax;

    @Option(
            names = "--presence-window",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "The time PRESENCE_WINDOW_MAX is counted in.")
    private Duration presenceWindow = Duration.ZERO;

    @Option(
            names = "--max-topic-checks",
            paramLabel = "COUNT",
            defaultValue = "8",
            description = "How many questions about private channels the database answers at the same time.")
    private int maxTopicChecks;

    @Option(
            names = "--private-recheck",
            paramLabel = "TIME",
            defaultValue = "30s",
            description = "How often the rights of a joined private channel are checked again. A change that the server"
                    + " notices in the log or the catalog takes effect at once.")
    private Duration privateRecheck = Duration.ZERO;

    @Option(
            names = "--private-grace",
            paramLabel = "TIME",
            defaultValue = "15s",
            description =
                    "How much longer than PRIVATE_RECHECK the rights of a private channel are used when the database"
                            + " cannot confirm them; after that the channel delivers nothing.")
    private Duration privateGrace = Duration.ZERO;

    /// What these limits let one client hold: a full queue and a message.
    long clientBytes() {
        return outbox.bytes() + maxFrame.bytes();
    }

    int recordBytesMax() {
        return Math.toIntExact(maxRecord.bytes());
    }

    /// Call it when there are no [#problems].
    SocketLimits limits() {
        return new SocketLimits(
                refusalDelay,
                joinErrorDelay,
                requestTimeout,
                idleTimeout,
                writeTimeout,
                CLOSE_TIMEOUT,
                outbox.bytes(),
                Math.toIntExact(maxFrame.bytes()),
                Math.toIntExact(maxPayload.bytes()),
                maxConnections,
                maxChannels,
                maxBindings,
                Math.toIntExact(maxJoinSize.bytes()),
                clients());
    }

    private ClientLimits clients() {
        return new ClientLimits(
                privateOnly,
                maxUsers,
                clientShare,
                maxTopicChecks,
                privateRecheck,
                privateGrace,
                Rate.of(maxJoins),
                Rate.of(maxClientJoins),
                Rate.of(maxMessages),
                Rate.of(maxPresence),
                new ClientLimits.Window(presenceWindowMax, presenceWindow));
    }

    ByteSize outbox() {
        return outbox;
    }

    List<String> problems() {
        List<String> problems = new ArrayList<>();
        check(
                problems,
                maxConnections >= 1 && maxConnections <= 1_000_000,
                "MAX_CONNECTIONS must be between 1 and 1000000.");
        check(problems, maxChannels >= 1, "MAX_CHANNELS must be at least 1.");
        check(problems, maxBindings >= 1, "MAX_BINDINGS must be at least 1.");
        check(problems, maxUsers >= 1, "MAX_USERS must be at least 1.");
        check(problems, clientShare >= 1 && clientShare <= 100, "CLIENT_SHARE must be between 1 and 100.");
        check(problems, maxTopicChecks >= 1, "MAX_TOPIC_CHECKS must be at least 1.");
        check(
                problems,
                privateRecheck.toMillis() >= 100 && privateRecheck.toHours() <= 1,
                "PRIVATE_RECHECK must be between 100ms and 1h.");
        check(
                problems,
                !privateGrace.isNegative() && privateGrace.toHours() <= 1,
                "PRIVATE_GRACE must be between 0s and 1h.");
        for (int perSecond : new int[] {maxJoins, maxClientJoins, maxMessages, maxPresence}) {
            check(
                    problems,
                    perSecond >= 1 && perSecond <= RATE_MAX,
                    "MAX_JOINS_PER_SECOND, MAX_CLIENT_JOINS_PER_SECOND, MAX_MESSAGES_PER_SECOND and"
                            + " MAX_PRESENCE_PER_SECOND must be between 1 and 1000000.");
        }
        check(
                problems,
                presenceWindowMax >= 1 && presenceWindow.toMillis() >= 1,
                "PRESENCE_WINDOW_MAX must be at least 1 and PRESENCE_WINDOW at least 1ms.");
        check(problems, writeTimeout.isPositive(), "WRITE_TIMEOUT must be longer than nothing.");
        check(problems, requestTimeout.isPositive(), "REQUEST_TIMEOUT must be longer than nothing.");
        check(
                problems,
                idleTimeout.toSeconds() >= 1 && idleTimeout.toHours() <= 24,
                "IDLE_TIMEOUT must be between 1s and 24h.");
        for (ByteSize size : List.of(maxPayload, maxFrame, maxRecord)) {
            check(
                    problems,
                    size.bytes() >= 1024 && size.bytes() <= 64 << 20,
                    "MAX_PAYLOAD, MAX_FRAME and MAX_RECORD must be between 1KiB and 64MiB.");
        }
        check(
                problems,
                maxJoinSize.bytes() >= 1024 && maxJoinSize.bytes() <= 16 << 20,
                "MAX_JOIN_SIZE must be between 1KiB and 16MiB.");
        check(problems, outbox.bytes() >= maxFrame.bytes(), "OUTBOX must hold at least one message of MAX_FRAME.");
        return problems;
    }

    static void check(List<String> problems, boolean holds, String otherwise) {
        if (!holds) {
            problems.add(otherwise);
        }
    }
}
