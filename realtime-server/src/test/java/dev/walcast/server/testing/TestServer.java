package dev.walcast.server.testing;

import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.server.RealtimeServer;
import dev.walcast.server.RightsSettings;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.acks.AckLimits;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.limits.ClientLimits;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.log.Secret;
import dev.walcast.server.memory.MemoryLimits;
import dev.walcast.server.presence.PresenceLimits;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The real server on a free port, on a database of a [TestPostgres].
public final class TestServer implements AutoCloseable {
    public static final String SECRET = "super-secret-jwt-token-with-at-least-32-characters-long";

    /// `-Dwalcast.reader=native` runs every test of the server with the other reader.
    public static final ServerSettings.Reader READER = ServerSettings.Reader.valueOf(
            System.getProperty("walcast.reader", "debezium").toUpperCase(Locale.ROOT));

    public static final ReplayLimits REPLAY =
            new ReplayLimits(64L << 20, Duration.ofMinutes(5), 1L << 30, Duration.ofSeconds(5));

    private final RealtimeServer server;

    private TestServer(RealtimeServer server) {
        this.server = server;
    }

    /// The usual limits, but refusals come at once.
    private static SocketLimits quick(long outboxBytes) {
        SocketLimits usual = SocketLimits.defaults();
        return new SocketLimits(
                Duration.ofMillis(20),
                Duration.ofMillis(20),
                usual.requestTimeout(),
                usual.idleTimeout(),
                usual.writeTimeout(),
                usual.closeTimeout(),
                outboxBytes,
                usual.messageBytesMax(),
                usual.payloadBytesMax(),
                usual.socketsMax(),
                usual.channelsMax(),
                usual.bindingsMax(),
                usual.joinBytesMax(),
                usual.clients());
    }

    public static TestServer start(TestPostgres postgres) throws Exception {
        return start(settings(postgres, "s" + UUID.randomUUID().toString().replace("-", "")));
    }

    public static TestServer start(ServerSettings settings) throws Exception {
        RealtimeServer server = new RealtimeServer(settings, Clock.systemUTC(), List.of());
        try {
            server.start();
        } catch (Exception e) {
            server.close();
            throw e;
        }
        return new TestServer(server);
    }

    public static ServerSettings settings(TestPostgres postgres, String slot) {
        return settings(postgres.url(), slot);
    }

    public static ServerSettings settings(String databaseUrl, String slot) {
        return settings(databaseUrl, slot, REPLAY);
    }

    public static ServerSettings settings(String databaseUrl, String slot, ReplayLimits replay) {
        return settings(databaseUrl, slot, replay, SocketLimits.defaults().outboxBytesMax());
    }

    public static ServerSettings settings(String databaseUrl, String slot, ReplayLimits replay, long outboxBytes) {
        ServerSettings.Database database = new ServerSettings.Database(
                new Secret(databaseUrl),
                "supabase_realtime",
                slot,
                READER,
                Duration.ofMillis(5),
                64L << 20,
                Duration.ofMillis(500),
                RowGuard.DeleteVisibility.STRICT,
                new SlotGuardian.Settings(Duration.ofSeconds(1), Duration.ofSeconds(30), 1L << 30),
                Duration.ofHours(72),
                null,
                PostgresRowEvaluator.AskTimeouts.USUAL.total(),
                RightsSettings.USUAL);
        SocketLimits limits = quick(outboxBytes);
        return new ServerSettings(
                database,
                TokenRules.ofSecret(SECRET),
                "127.0.0.1",
                0,
                replay,
                1 << 20,
                100,
                limits,
                PresenceLimits.defaults(),
                AckLimits.defaults(),
                AddressLimits.defaults(),
                MemoryLimits.usual(limits.outboxBytesMax() + limits.messageBytesMax()));
    }

    /// The same, with other tokens.
    public static ServerSettings withTokens(ServerSettings usual, TokenRules tokens) {
        return with(usual, usual.database(), tokens, usual.port(), usual.limits());
    }

    /// The same settings with this interval of rechecks of private channels.
    public static ServerSettings withPrivateRights(ServerSettings usual, Duration recheck, Duration grace) {
        SocketLimits limits = usual.limits();
        ClientLimits clients = limits.clients();
        ClientLimits changed = new ClientLimits(
                clients.privateOnly(),
                clients.usersMax(),
                clients.clientShare(),
                clients.topicChecksMax(),
                recheck,
                grace,
                clients.joins(),
                clients.clientJoins(),
                clients.messages(),
                clients.presence(),
                clients.presenceWindow());
        SocketLimits asked = new SocketLimits(
                limits.upgradeRefusalDelay(),
                limits.joinRefusalDelay(),
                limits.requestTimeout(),
                limits.idleTimeout(),
                limits.writeTimeout(),
                limits.closeTimeout(),
                limits.outboxBytesMax(),
                limits.messageBytesMax(),
                limits.payloadBytesMax(),
                limits.socketsMax(),
                limits.channelsMax(),
                limits.bindingsMax(),
                limits.joinBytesMax(),
                changed);
        return with(usual, usual.database(), usual.tokens(), usual.port(), asked);
    }

    /// The same settings with this rule for DELETEs.
    public static ServerSettings withDeletes(ServerSettings usual, RowGuard.DeleteVisibility deletes) {
        ServerSettings.Database database = usual.database();
        return with(
                usual,
                with(database, database.reader(), deletes, database.evaluationUrl(), database.rights()),
                usual.tokens(),
                usual.port(),
                usual.limits());
    }

    /// The same, with a login of its own that evaluates policies and filters.
    public static ServerSettings withEvaluation(ServerSettings usual, String evaluationUrl) {
        ServerSettings.Database database = usual.database();
        return with(
                usual,
                with(database, database.reader(), database.deletes(), new Secret(evaluationUrl), database.rights()),
                usual.tokens(),
                usual.port(),
                usual.limits());
    }

    /// The same settings with this reader, regardless of `-Dwalcast.reader`.
    public static ServerSettings withReader(ServerSettings usual, ServerSettings.Reader reader) {
        ServerSettings.Database database = usual.database();
        return with(
                usual,
                with(database, reader, database.deletes(), database.evaluationUrl(), database.rights()),
                usual.tokens(),
                usual.port(),
                usual.limits());
    }

    /// The same, where the slot is looked after in another way.
    public static ServerSettings withGuardian(ServerSettings usual, SlotGuardian.Settings guardian) {
        ServerSettings.Database database = usual.database();
        ServerSettings.Database changed = new ServerSettings.Database(
                database.url(),
                database.publication(),
                database.slotName(),
                database.reader(),
                database.pollInterval(),
                database.transactionMemoryBytes(),
                database.askTimeout(),
                database.deletes(),
                guardian,
                database.messagesRetention(),
                database.evaluationUrl(),
                database.askPatience(),
                database.rights());
        return with(usual, changed, usual.tokens(), usual.port(), usual.limits());
    }

    /// The same, with other rules of rights.
    public static ServerSettings withRights(ServerSettings usual, RightsSettings rights) {
        ServerSettings.Database database = usual.database();
        return with(
                usual,
                with(database, database.reader(), database.deletes(), database.evaluationUrl(), rights),
                usual.tokens(),
                usual.port(),
                usual.limits());
    }

    private static ServerSettings.Database with(
            ServerSettings.Database usual,
            ServerSettings.Reader reader,
            RowGuard.DeleteVisibility deletes,
            @Nullable Secret evaluationUrl,
            RightsSettings rights) {
        return new ServerSettings.Database(
                usual.url(),
                usual.publication(),
                usual.slotName(),
                reader,
                usual.pollInterval(),
                usual.transactionMemoryBytes(),
                usual.askTimeout(),
                deletes,
                usual.guardian(),
                usual.messagesRetention(),
                evaluationUrl,
                usual.askPatience(),
                rights);
    }

    /// The same, where a server was before.
    public static ServerSettings onPort(ServerSettings usual, int port) {
        return with(usual, usual.database(), usual.tokens(), port, usual.limits());
    }

    private static ServerSettings with(
            ServerSettings usual, ServerSettings.Database database, TokenRules tokens, int port, SocketLimits limits) {
        return new ServerSettings(
                database,
                tokens,
                usual.host(),
                port,
                usual.replay(),
                usual.recordBytesMax(),
                usual.restMessagesPerSecond(),
                limits,
                usual.presence(),
                usual.acks(),
                usual.addresses(),
                usual.memory());
    }

    public static String token(String role) {
        return new TokenIssuer(SECRET, Clock.systemUTC()).issue(role, Map.of(), Duration.ofHours(1));
    }

    public int port() {
        return server.port();
    }

    public String url() {
        return "http://127.0.0.1:" + port();
    }

    public RealtimeServer server() {
        return server;
    }

    /// A joined-to-nothing socket of version 2.0.0.
    public RawSocket open(String role) throws Exception {
        return RawSocket.open(port(), "/realtime/v1/websocket?vsn=2.0.0&apikey=" + token(role), Map.of());
    }

    @Override
    public void close() {
        server.close();
    }
}
