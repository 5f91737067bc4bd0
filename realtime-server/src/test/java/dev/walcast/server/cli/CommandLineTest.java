package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.testing.TestServer;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The commands as a user starts them. A failure prints one sentence with the remedy and has an exit code other than
/// 0.
class CommandLineTest {
    private static TestPostgres postgres;

    @TempDir
    private Path folder;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute("create publication supabase_realtime", "create role plain login");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @Test
    void missingSettingsAreReportedTogether() throws Exception {
        assertFails(Map.of(), "DATABASE_URL is missing", "JWT_SECRET is missing");
        assertFails(
                Map.of("DATABASE_URL", postgres.url(), "JWT_SECRET", "short", "SLOT_NAME", "Not Allowed"),
                "JWT_SECRET is too short",
                "SLOT_NAME may hold only");
    }

    @Test
    void deleteKeysMemoryHasBounds() throws Exception {
        for (String size : List.of("1KiB", "17GiB")) {
            assertFails(
                    Map.of("DATABASE_URL", postgres.url(), "DELETE_KEYS_MEMORY", size),
                    "DELETE_KEYS_MEMORY must be 0 or between 64KiB and 16GiB.");
        }
    }

    @Test
    void invalidTokenSettingsAreNotRepeated() throws Exception {
        String secret = "secretword";
        assertFails(
                Map.of(
                        "DATABASE_URL",
                        postgres.url(),
                        "API_JWT_JWKS",
                        "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"secretword\",\"k\":\"c2hvcnQ\"}]}",
                        "JWT_CLAIM_VALIDATORS",
                        "secretword",
                        "PUBLISHABLE_KEYS",
                        "sb_secret_" + secret.repeat(3),
                        "SECRET_KEYS",
                        "sb_secret_" + secret),
                "JWT_JWKS holds no key that can verify a token. Key 1 of 1 is skipped: ",
                "JWT_CLAIM_VALIDATORS is not a JSON object",
                "PUBLISHABLE_KEYS holds a key that does not begin with sb_publishable_",
                "SECRET_KEYS holds a key that is not sb_secret_ and at least 20 letters");
        assertFails(
                Map.of(
                        "DATABASE_URL", postgres.url(),
                        "API_JWT_SECRET", "short",
                        "JWT_JWKS", "https://user:secretword@/keys",
                        "JWT_LEEWAY", "1h"),
                "JWT_SECRET is too short",
                "JWT_JWKS is not a valid URL",
                "JWT_LEEWAY must be between 0s and 5m.");
    }

    @Test
    void unknownSettingSuggestsTheNearest() throws Exception {
        Path file = Files.writeString(folder.resolve("walcast.conf"), "JWT_SECERT=x\n");
        try (DevProcess serve = DevProcess.run(folder, Map.of(), "serve", "--config", file.toString())) {
            assertThat(serve.exitCode()).isEqualTo(1);
            assertThat(serve.output()).contains("There is no setting JWT_SECERT. Did you mean JWT_SECRET?");
        }
    }

    @Test
    void malformedDatabaseUrlIsNotRepeated() throws Exception {
        assertFails(environment("postgres://u:p@ss/word@h/d"), "DATABASE_URL: The database URL is not", "%2F for /");
        assertFails(environment("mysql://u:secretword@h/d"), "does not begin with postgres://");
    }

    @Test
    void startReportsUnusableDatabase() throws Exception {
        assertFails(
                environment(postgres.url("postgres", "plain", "x", "postgres")), "ALTER ROLE \"plain\" REPLICATION");
        assertFails(environment(postgres.url("nosuch")), "There is no database \"nosuch\"");
    }

    @Test
    void startReportsPortInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            Map<String, String> environment = Map.of(
                    "DATABASE_URL",
                    postgres.url(),
                    "JWT_SECRET",
                    TestServer.SECRET,
                    "PORT",
                    Integer.toString(taken.getLocalPort()),
                    "SLOT_NAME",
                    "portinuse");
            assertFails(
                    environment,
                    "Port " + taken.getLocalPort() + " on 0.0.0.0 cannot be listened on",
                    "--port or PORT");
        }
    }

    private static Map<String, String> environment(String url) {
        return Map.of("DATABASE_URL", url, "JWT_SECRET", TestServer.SECRET, "PORT", "0");
    }

    private void assertFails(Map<String, String> environment, String... texts) throws Exception {
        try (DevProcess serve = DevProcess.run(folder, environment, "serve")) {
            assertThat(serve.exitCode()).isEqualTo(1);
            assertThat(serve.output())
                    .contains(texts)
                    .doesNotContain("Exception", "secretword", TestServer.SECRET, "p@ss");
            assertThat(serve.output().lines().count()).isLessThanOrEqualTo(4);
        }
    }

    @Test
    void devRecoversFromKill() throws Exception {
        String key;
        try (DevProcess first = DevProcess.start(folder)) {
            key = first.environment().get("ANON_KEY");
            insert(first, "kept");
            first.kill();
        }
        try (DevProcess second = DevProcess.start(folder)) {
            assertThat(count(second)).isEqualTo(1);
            assertThat(new TokenVerifier(second.environment().get("JWT_SECRET"), Clock.systemUTC()).verify(key))
                    .as("a key from before the kill")
                    .isInstanceOf(TokenVerdict.Verified.class);
            try (DevProcess third =
                    DevProcess.run(folder, Map.of(), "dev", "--port", "0", "--data", folder.toString())) {
                assertThat(third.exitCode()).isEqualTo(1);
                assertThat(third.output()).contains("Another `walcast dev` is using");
            }
            second.terminate();
            second.exitCode();
            assertThat(Files.exists(folder.resolve("postgres/postmaster.pid")))
                    .as("Postgres is stopped too")
                    .isFalse();
        }
    }

    @Test
    void tokenAndListenUseRunningDev() throws Exception {
        try (DevProcess dev = DevProcess.start(folder);
                DevProcess token = DevProcess.run(
                        folder,
                        Map.of(),
                        "token",
                        "--role",
                        "authenticated",
                        "--sub",
                        "11111111-1111-1111-1111-111111111111",
                        "--claim",
                        "n=5",
                        "--claim",
                        "org=acme",
                        "--data",
                        folder.toString());
                DevProcess listen = DevProcess.run(
                        folder,
                        Map.of(),
                        "listen",
                        "--table",
                        "public.messages",
                        "--filter",
                        "room_id=eq.general",
                        "--data",
                        folder.toString());
                DevProcess refused = DevProcess.run(
                        folder, Map.of(), "listen", "--table", "public.nosuch", "--data", folder.toString())) {
            assertThat(token.exitCode()).isZero();
            TokenVerdict check = new TokenVerifier(dev.environment().get("JWT_SECRET"), Clock.systemUTC())
                    .verify(token.output().strip());
            assertThat(check).isInstanceOfSatisfying(TokenVerdict.Verified.class, valid -> {
                assertThat(valid.viewer().role()).isEqualTo("authenticated");
                assertThat(valid.viewer().claims()).contains("\"org\":\"acme\"", "\"n\":5", "11111111-");
            });
            await().until(() -> listen.output().contains("Subscribed to PostgreSQL"));
            insert(dev, "heard");
            await().until(() -> listen.output().contains("\"body\":\"heard\""));
            assertThat(refused.exitCode()).isEqualTo(1);
            assertThat(refused.output()).contains("There is no table public.nosuch");
        }
    }

    @Test
    void devHasTheRealtimeSchema() throws Exception {
        try (DevProcess dev = DevProcess.start(folder);
                Connection connection = connect(dev);
                Statement statement = connection.createStatement()) {
            statement.execute("select realtime.send('{}', 'greeting', 'room:1')");
            try (ResultSet row =
                    statement.executeQuery("select count(*), (select count(*) from pg_policies where schemaname ="
                            + " 'realtime'), (select tableowner from pg_tables where tablename = 'messages' and schemaname = 'realtime')"
                            + " from realtime.messages")) {
                row.next();
                assertThat(row.getInt(1)).isEqualTo(1);
                assertThat(row.getInt(2)).isEqualTo(2);
                assertThat(row.getString(3)).isEqualTo("walcast");
            }
            assertThat(dev.output()).doesNotContain("WARN");
        }
    }

    private static void insert(DevProcess dev, String body) throws Exception {
        try (Connection connection = connect(dev);
                Statement statement = connection.createStatement()) {
            statement.execute("insert into messages (body) values ('" + body + "')");
        }
    }

    private static int count(DevProcess dev) throws Exception {
        try (Connection connection = connect(dev);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select count(*) from messages")) {
            row.next();
            return row.getInt(1);
        }
    }

    private static Connection connect(DevProcess dev) throws Exception {
        PostgresUrl url = PostgresUrl.parse(dev.environment().get("DATABASE_URL"));
        return DriverManager.getConnection(url.jdbcUrl(), url.properties());
    }
}
