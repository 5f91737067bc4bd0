package dev.walcast.server.cli;

import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.rls.RowGuard;
import dev.walcast.server.Secret;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.socket.SocketLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The settings of a server as the command line, the environment and the settings file give them.
final class ServerOptions {
    static final int JWT_SECRET_LENGTH_MIN = 32;

    /// How long a client may take to answer a close frame.
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

    @Option(
            names = "--database-url",
            paramLabel = "URL",
            description =
                    "The database: postgres://user:password@host:port/name. Its role needs LOGIN and REPLICATION.")
    private @Nullable String databaseUrl;

    @Option(
            names = "--jwt-secret",
            paramLabel = "TEXT",
            description = "The secret that signs access tokens (HS256), at least 32 characters.")
    private @Nullable String jwtSecret;

    @Option(names = "--host", defaultValue = "0.0.0.0", description = "The address to listen on.")
    private String host = "";

    @Option(names = "--port", defaultValue = "4000", description = "The port to listen on; 0 picks a free one.")
    private int port;

    @Option(
            names = "--publication",
            paramLabel = "NAME",
            defaultValue = "supabase_realtime",
            description = "The publication whose tables can be listened to.")
    private String publication = "";

    @Option(
            names = "--slot-name",
            paramLabel = "NAME",
            defaultValue = "walcast",
            description = "The replication slot; created when missing. One server for each slot.")
    private String slotName = "";

    @Option(
            names = "--reader",
            paramLabel = "NAME",
            defaultValue = "debezium",
            description = "What reads the slot: debezium, the reader people trust; or native, which is faster and"
                    + " carries every value exactly.")
    private ServerSettings.Reader reader = ServerSettings.Reader.DEBEZIUM;

    @Option(
            names = "--poll-interval",
            paramLabel = "TIME",
            defaultValue = "5ms",
            description =
                    "How often Debezium looks for changes: lower latency against idle CPU. Nothing to the native reader.")
    private Duration pollInterval = Duration.ZERO;

    @Option(
            names = "--transaction-memory",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description = "A larger transaction is spilled to a temporary file while it is collected.")
    private ByteSize transactionMemory = new ByteSize(0);

    @Option(
            names = "--ask-timeout",
            paramLabel = "TIME",
            defaultValue = "500ms",
            description = "How long a question to Postgres about a change may take; what it is about is hidden then.")
    private Duration askTimeout = Duration.ZERO;

    @Option(
            names = "--deletes",
            paramLabel = "WHO",
            defaultValue = "strict",
            description = "Who hears of deleted rows under row-level security: strict, who could see the row;"
                    + " parity, everybody, but only the key.")
    private RowGuard.Deletes deletes = RowGuard.Deletes.STRICT;

    @Option(
            names = "--heartbeat",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How often a heartbeat is written into the log, so that quiet tables hold back none of it.")
    private Duration heartbeat = Duration.ZERO;

    @Option(
            names = "--stall-timeout",
            paramLabel = "TIME",
            defaultValue = "1m",
            description =
                    "How long the reader may miss heartbeats, with nothing else to do, before it is started again.")
    private Duration stallTimeout = Duration.ZERO;

    @Option(
            names = "--slot-lag-warn",
            paramLabel = "SIZE",
            defaultValue = "1GiB",
            description = "From how much log on that the slot holds back a warning is logged.")
    private ByteSize slotLagWarn = new ByteSize(0);

    @Option(
            names = "--restart-hold",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long changes committed while the server was down wait for clients to come back.")
    private Duration restartHold = Duration.ZERO;

    @Option(
            names = "--outbox",
            paramLabel = "SIZE",
            defaultValue = "32MiB",
            description = "What may wait for one slow client before it is disconnected.")
    private ByteSize outbox = new ByteSize(0);

    @Option(
            names = "--write-timeout",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How long one write to a client may take before it is disconnected.")
    private Duration writeTimeout = Duration.ZERO;

    @Option(
            names = "--idle-timeout",
            paramLabel = "TIME",
            defaultValue = "60s",
            description = "How long a client may be silent; official clients send a heartbeat every 15 to 25 seconds.")
    private Duration idleTimeout = Duration.ZERO;

    @Option(
            names = "--join-error-delay",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long a refused join waits for its answer, against retry storms.")
    private Duration joinErrorDelay = Duration.ZERO;

    @Option(
            names = "--refusal-delay",
            paramLabel = "TIME",
            defaultValue = "2s",
            description = "How long a refused connection waits for its answer.")
    private Duration refusalDelay = Duration.ZERO;

    @Option(
            names = "--max-payload",
            paramLabel = "SIZE",
            defaultValue = "3000500",
            description = "The largest broadcast.")
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
            description = "The largest change; of a larger one only values of up to 64 bytes are sent.")
    private ByteSize maxRecord = new ByteSize(0);

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
            description = "How many postgres_changes entries one channel may have.")
    private int maxBindings;

    ServerOptions() {}

    /// The usual settings, but for where to listen; for a server that is not configured from outside.
    ServerOptions(String host, int port, ServerSettings.Reader reader) {
        new picocli.CommandLine(new Holder(this))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Duration.class, new DurationText())
                .registerConverter(ByteSize.class, new ByteSize.Converter())
                .parseArgs("--host", host, "--port", Integer.toString(port), "--reader", reader.name());
    }

    @picocli.CommandLine.Command
    private record Holder(@picocli.CommandLine.Mixin ServerOptions options) {}

    /// @throws SettingsException with every problem at once
    ServerSettings settings() throws SettingsException {
        return settings(databaseUrl, jwtSecret);
    }

    /// The settings with another database and secret than those given.
    ServerSettings settings(@Nullable String url, @Nullable String secret) throws SettingsException {
        List<String> problems = problems(url, secret);
        if (!problems.isEmpty() || url == null || secret == null) {
            throw new SettingsException(problems);
        }
        ServerSettings.Database database = new ServerSettings.Database(
                new Secret(url),
                publication,
                slotName,
                reader,
                pollInterval,
                transactionMemory.bytes(),
                askTimeout,
                deletes,
                new SlotGuardian.Settings(heartbeat, stallTimeout, slotLagWarn.bytes()));
        return new ServerSettings(
                database, new Secret(secret), host, port, restartHold, Math.toIntExact(maxRecord.bytes()), limits());
    }

    private SocketLimits limits() {
        return new SocketLimits(
                refusalDelay,
                joinErrorDelay,
                idleTimeout,
                writeTimeout,
                CLOSE_TIMEOUT,
                outbox.bytes(),
                Math.toIntExact(maxFrame.bytes()),
                Math.toIntExact(maxPayload.bytes()),
                maxChannels,
                maxBindings);
    }

    private List<String> problems(@Nullable String url, @Nullable String secret) {
        List<String> problems = new ArrayList<>();
        if (url == null) {
            problems.add("DATABASE_URL is missing: set it to postgres://user:password@host:port/database.");
        } else {
            checkUrl(problems, url);
        }
        if (secret == null) {
            problems.add("JWT_SECRET is missing: set it to the secret that signs your access tokens.");
        } else if (secret.length() < JWT_SECRET_LENGTH_MIN) {
            problems.add("JWT_SECRET is too short: at least " + JWT_SECRET_LENGTH_MIN + " characters.");
        }
        check(problems, port >= 0 && port <= 65_535, "PORT must be between 0 and 65535.");
        check(problems, slotName.matches("[a-z0-9_]{1,63}"), "SLOT_NAME may hold only a-z, 0-9 and _, at most 63.");
        check(problems, !publication.isBlank(), "PUBLICATION is empty.");
        check(problems, pollInterval.toMillis() >= 1, "POLL_INTERVAL must be at least 1ms.");
        check(problems, askTimeout.toMillis() >= 1, "ASK_TIMEOUT must be at least 1ms.");
        check(problems, heartbeat.toMillis() >= 100, "HEARTBEAT must be at least 100ms.");
        check(
                problems,
                stallTimeout.compareTo(heartbeat.multipliedBy(2)) >= 0,
                "STALL_TIMEOUT must be at least twice HEARTBEAT.");
        check(problems, maxChannels >= 1, "MAX_CHANNELS must be at least 1.");
        check(problems, maxBindings >= 1, "MAX_BINDINGS must be at least 1.");
        check(problems, writeTimeout.isPositive(), "WRITE_TIMEOUT must be longer than nothing.");
        check(problems, idleTimeout.toSeconds() >= 1, "IDLE_TIMEOUT must be at least 1s.");
        for (ByteSize size : List.of(maxPayload, maxFrame, maxRecord)) {
            check(
                    problems,
                    size.bytes() >= 1024 && size.bytes() <= 64 << 20,
                    "MAX_PAYLOAD, MAX_FRAME and MAX_RECORD must be between 1KiB and 64MiB.");
        }
        check(problems, outbox.bytes() >= maxFrame.bytes(), "OUTBOX must hold at least one message of MAX_FRAME.");
        return problems.stream().distinct().toList();
    }

    private static void checkUrl(List<String> problems, String url) {
        try {
            PostgresUrl.parse(url);
        } catch (IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
    }

    private static void check(List<String> problems, boolean holds, String otherwise) {
        if (!holds) {
            problems.add(otherwise);
        }
    }
}
