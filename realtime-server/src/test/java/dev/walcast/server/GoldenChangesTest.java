package dev.walcast.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TestingTokens;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.golden.GoldenTranscript;
import dev.walcast.server.testing.TestServer;
import java.io.InputStream;
import java.sql.Connection;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Replays recorded conversations of the reference server about database changes against Walcast on a real Postgres.
/// Where a transcript has no frame, Walcast must send none: after every statement a marker row is committed that
/// every subscription receives, so all effects of the statement have arrived before it. Every difference is in
/// [ChangeDeviations] with its reason, and must stay exactly the same.
class GoldenChangesTest {
    private static TestPostgres postgres;
    private static Connection connection;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        try (InputStream sql = GoldenChangesTest.class.getResourceAsStream("/golden/changes.sql")) {
            postgres.execute(new String(Objects.requireNonNull(sql).readAllBytes(), UTF_8));
        }
        if (postgres.majorVersion() >= 18) {
            postgres.execute("alter publication supabase_realtime set (publish_generated_columns = stored)");
        }
        connection = postgres.connect();
        server = TestServer.start(TestServer.withTokens(
                TestServer.settings(postgres, "golden"), TokenRules.ofSecret(TestingTokens.SECRET)));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        connection.close();
        postgres.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pg_events.v2",
                "pg_filters.v2",
                "pg_filter_errors.v1",
                "pg_filter_errors.v2",
                "pg_select.v1",
                "pg_select.v2",
                "pg_rls.v2",
                "pg_privileges.v2",
                "pg_toast.v1",
                "pg_toast.v2",
                "pg_types_default.v1",
                "pg_types_default.v2",
                "pg_types_full.v2",
                "pg_large.v1",
                "pg_large.v2",
                "pg_poison.v1",
                "pg_poison.v2",
                "pg_schema_change.v1",
                "pg_schema_change.v2"
            })
    void changesMatchTheReference(String name) throws Exception {
        try (GoldenChangesReplay replay =
                new GoldenChangesReplay(GoldenTranscript.load(name), connection, server.port())) {
            replay.run();
        }
    }
}
