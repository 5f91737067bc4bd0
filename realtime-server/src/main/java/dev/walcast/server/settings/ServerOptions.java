package dev.walcast.server.settings;

import static dev.walcast.server.settings.LimitOptions.check;

import dev.walcast.cdc.HeapShares;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.log.Secret;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// The settings of a server, from the command line, the environment and the settings file.
public final class ServerOptions {

    @Option(
            names = "--database-url",
            paramLabel = "URL",
            description =
                    "The database: postgres://user:password@host:port/name, or several hosts, host1:5432,host2:5432,"
                            + " of which the primary is read. Its role needs LOGIN and REPLICATION.")
    private @Nullable String databaseUrl;

    @Option(
            names = "--evaluation-database-url",
            paramLabel = "URL",
            description = "The same database with another role that has no rights of its own. Policies and filters"
                    + " are evaluated as this role. It must be a member of the tokens' roles, and of none with BYPASSRLS. Default: the role in"
                    + " DATABASE_URL.")
    private @Nullable String evaluationUrl;

    @Mixin
    private TokenOptions tokens = new TokenOptions();

    @Option(names = "--host", defaultValue = "0.0.0.0", description = "The address to listen on.")
    private String host = "";

    @Option(names = "--port", defaultValue = "4000", description = "The port to listen on; 0 picks a free one.")
    private int port;

    @Option(
            names = "--publication",
            paramLabel = "NAME",
            defaultValue = "supabase_realtime",
            description = "The publication with the tables that clients can listen to.")
    private String publication = "";

    @Option(
            names = "--slot-name",
            paramLabel = "NAME",
            defaultValue = "walcast",
            description =
                    "The replication slot. Created when missing, with a second one named after it. Each server needs its own slot.")
    private String slotName = "";

    @Option(
            names = "--reader",
            paramLabel = "NAME",
            defaultValue = "debezium",
            description = "The reader of the slot: debezium, which is widely used; or native, which is faster and"
                    + " carries every value exactly.")
    private ServerSettings.Reader reader = ServerSettings.Reader.DEBEZIUM;

    @Option(
            names = "--poll-interval",
            paramLabel = "TIME",
            defaultValue = "5ms",
            description =
                    "How often Debezium polls for changes; a shorter interval lowers latency and costs idle CPU. Ignored by the native reader.")
    private Duration pollInterval = Duration.ZERO;

    @Option(
            names = "--transaction-memory",
            paramLabel = "SIZE",
            defaultValue = "64MiB",
            description =
                    "A larger transaction is written to a temporary file while it is collected; at most an eighth of"
                            + " the heap.")
    private ByteSize transactionMemory = new ByteSize(0);

    @Option(
            names = "--ask-timeout",
            paramLabel = "TIME",
            defaultValue = "500ms",
            description = "How long a query about changes may run before it is split into smaller parts.")
    private Duration askTimeout = Duration.ZERO;

    @Option(
            names = "--ask-patience",
            paramLabel = "TIME",
            defaultValue = "5s",
            description = "How long queries about one policy may run before the rows concerned are"
                    + " withheld and their subscriptions receive `reset`.")
    private Duration askPatience = Duration.ZERO;

    @Option(
            names = "--deletes",
            paramLabel = "WHO",
            defaultValue = "strict",
            description =
                    "Which clients receive DELETEs under row-level security: strict, those that could see the row;"
                            + " parity, all, but only the key.")
    private RowGuard.DeleteVisibility deletes = RowGuard.DeleteVisibility.STRICT;

    @Option(
            names = "--heartbeat",
            paramLabel = "TIME",
            defaultValue = "10s",
            description = "How often a heartbeat is written into the log, so that quiet tables do not retain log.")
    private Duration heartbeat = Duration.ZERO;

    @Option(
            names = "--stall-timeout",
            paramLabel = "TIME",
            defaultValue = "1m",
            description = "How long an idle reader may receive no heartbeat before it is restarted.")
    private Duration stallTimeout = Duration.ZERO;

    @Option(
            names = "--slot-lag-warn",
            paramLabel = "SIZE",
            defaultValue = "2GiB",
            description = "The amount of log retained by the slot at which a warning is logged.")
    private ByteSize slotLagWarn = new ByteSize(0);

    @Option(
            names = "--messages-retention",
            paramLabel = "TIME",
            defaultValue = "72h",
            description = "How long broadcasts stored in realtime.messages are kept, rounded up to whole days.")
    private Duration messagesRetention = Duration.ZERO;

    @Mixin
    private RightsOptions rights = new RightsOptions();

    @Mixin
    private LimitOptions limits = new LimitOptions();

    @Mixin
    private AddressOptions addresses = new AddressOptions();

    @Mixin
    private AdminOptions admin = new AdminOptions();

    @Mixin
    private MemoryOptions memory = new MemoryOptions();

    @Mixin
    private PresenceOptions presence = new PresenceOptions();

    @Mixin
    private ReplayOptions replay = new ReplayOptions();

    @Mixin
    private AckOptions acks = new AckOptions();

    @Option(
            names = "--rest-rate",
            paramLabel = "COUNT",
            defaultValue = "100",
            description = "How many broadcasts one caller may send over HTTP in a second; ten times as many at once.")
    private int restRate;

    public ServerOptions() {}

    /// The default settings except for where to listen, for a server that is not configured from outside.
    public ServerOptions(String host, int port, ServerSettings.Reader reader) {
        new picocli.CommandLine(new Holder(this))
                .setCaseInsensitiveEnumValuesAllowed(true)
                .registerConverter(Duration.class, new DurationText())
                .registerConverter(ByteSize.class, new ByteSize.Converter())
                .registerConverter(MemoryShare.class, new MemoryShare.Converter())
                .setDefaultValueProvider(HeapDefaults.ofThisProcess())
                .parseArgs("--host", host, "--port", Integer.toString(port), "--reader", reader.name());
    }

    @picocli.CommandLine.Command
    private record Holder(@Mixin ServerOptions options) {}

    /// @throws SettingsException that lists all problems
    public ServerSettings settings() throws SettingsException {
        return settings(databaseUrl, evaluationUrl, tokens);
    }

    /// The settings with the given database and secret instead of the configured ones.
    public ServerSettings settings(String url, String evaluation, String secret) throws SettingsException {
        return settings(url, evaluation, TokenOptions.ofSecret(secret));
    }

    private ServerSettings settings(@Nullable String url, @Nullable String evaluation, TokenOptions tokenOptions)
            throws SettingsException {
        List<String> problems = new ArrayList<>(problems(url));
        TokenRules tokenRules = tokenOptions.rules(problems);
        if (!problems.isEmpty() || url == null) {
            throw new SettingsException(problems);
        }
        ServerSettings.Database database = new ServerSettings.Database(
                new Secret(url),
                publication,
                slotName,
                reader,
                pollInterval,
                HeapShares.ofThisProcess().transactionBytes(transactionMemory.bytes()),
                askTimeout,
                deletes,
                new SlotGuardian.Settings(heartbeat, stallTimeout, slotLagWarn.bytes()),
                messagesRetention,
                evaluation == null ? null : new Secret(evaluation),
                askPatience,
                rights.settings());
        return new ServerSettings(
                database,
                tokenRules,
                host,
                port,
                replay.limits(),
                limits.recordBytesMax(),
                restRate,
                limits.limits(),
                presence.limits(),
                acks.limits(),
                addresses.limits(),
                memory.limits(limits.clientBytes()),
                admin.settings());
    }

    private List<String> problems(@Nullable String url) {
        List<String> problems = new ArrayList<>();
        if (url == null) {
            problems.add("DATABASE_URL is missing: set it to postgres://user:password@host:port/database.");
        } else {
            checkUrl(problems, "DATABASE_URL", url);
        }
        if (evaluationUrl != null) {
            checkUrl(problems, "EVALUATION_DATABASE_URL", evaluationUrl);
        }
        check(problems, port >= 0 && port <= 65_535, "PORT must be between 0 and 65535.");
        check(problems, slotName.matches("[a-z0-9_]{1,54}"), "SLOT_NAME may hold only a-z, 0-9 and _, at most 54.");
        check(problems, !publication.isBlank(), "PUBLICATION is empty.");
        check(problems, pollInterval.toMillis() >= 1, "POLL_INTERVAL must be at least 1ms.");
        check(problems, askTimeout.toMillis() >= 1, "ASK_TIMEOUT must be at least 1ms.");
        check(problems, askPatience.compareTo(askTimeout) >= 0, "ASK_PATIENCE must be at least ASK_TIMEOUT.");
        check(problems, heartbeat.toMillis() >= 100, "HEARTBEAT must be at least 100ms.");
        check(
                problems,
                stallTimeout.compareTo(heartbeat.multipliedBy(2)) >= 0,
                "STALL_TIMEOUT must be at least twice HEARTBEAT.");
        check(problems, messagesRetention.toHours() >= 1, "MESSAGES_RETENTION must be at least 1h.");
        check(problems, restRate >= 1 && restRate <= 1_000_000, "REST_RATE must be between 1 and 1000000.");
        problems.addAll(rights.problems());
        problems.addAll(limits.problems());
        problems.addAll(addresses.problems());
        problems.addAll(admin.problems(port));
        problems.addAll(presence.problems(limits.outbox()));
        problems.addAll(acks.problems());
        problems.addAll(memory.problems());
        problems.addAll(replay.problems(limits.outbox()));
        return problems.stream().distinct().toList();
    }

    private static void checkUrl(List<String> problems, String name, String url) {
        try {
            PostgresUrl.parse(url);
        } catch (IllegalArgumentException e) {
            problems.add(name + ": " + e.getMessage());
        }
    }
}
