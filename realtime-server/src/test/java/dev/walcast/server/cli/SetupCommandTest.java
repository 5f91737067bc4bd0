package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.messages.MessagesDatabase;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// `walcast setup` on stock databases and on one that Supabase prepared.
class SetupCommandTest {
    private static final String READY = "Private channels, replay and broadcasts from the database are ready.";
    private static TestPostgres postgres;
    private static int databases;

    private String database;

    private record Ran(int exitCode, String out, String err) {}

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute("create role anon nologin; create role authenticated nologin");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void freshDatabase() {
        database = "app_" + ++databases;
        postgres.execute("create database " + database);
    }

    @Test
    void applyWithAnAdministratorDoesAllAndCanBeDoneAgain() throws Exception {
        Ran first = run("server_one", "p'ass\\word", "--apply", "--admin-url", postgres.url(database));
        assertThat(first.err()).isEmpty();
        assertThat(first.exitCode()).isZero();
        assertThat(first.out())
                .contains("Role \"server_one\", its grants and publication \"supabase_realtime\" are there.")
                .contains("3 migrations run")
                .contains("Partitions made: messages_")
                .contains(READY)
                .doesNotContain("ass");

        Ran again = run("server_one", "other", "--apply");
        assertThat(again.exitCode()).isZero();
        assertThat(again.out()).contains("up to date").contains(READY).doesNotContain("Partitions made");
        assertThat(
                        query(
                                "select rolsuper, rolreplication, rolcanlogin, rolinherit from pg_roles where rolname = 'server_one'"))
                .containsExactly("f,t,t,f");
        assertThat(query("select nspowner::regrole from pg_namespace where nspname = 'realtime'"))
                .containsExactly("server_one");
        assertThat(query("select has_table_privilege('anon', 'realtime.messages', 'select, insert, update')"))
                .containsExactly("t");
    }

    @Test
    void whatIsPrintedRunsAsPrintedPartByPartAndTwice() throws Exception {
        Ran printed = run("Server \"two\"", "secretword", "--print");
        assertThat(printed.out()).doesNotContain("secretword").contains("alter system set wal_level");
        String[] parts = printed.out().split("\n-- 2\\. By role ");
        assertThat(parts).hasSize(2);
        for (int i = 0; i < 2; i++) {
            postgres.executeIn(database, parts[0]);
            try (Connection connection = postgres.connect(database);
                    Statement statement = connection.createStatement()) {
                statement.execute("set session authorization \"Server \"\"two\"\"\"");
                statement.execute("-- " + parts[1]);
            }
        }
        Ran applied = run("Server \"two\"", "x", "--apply");
        assertThat(applied.exitCode()).isZero();
        assertThat(applied.out()).contains(READY);
    }

    @Test
    void whoMayNotMakeASchemaIsToldWhoMustGrantIt() {
        postgres.execute("create role server_three login replication");
        Ran ran = run("server_three", "x", "--apply");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("GRANT CREATE ON DATABASE \"" + database + "\" TO \"server_three\"");
    }

    @Test
    void anUnknownRoleIsToldToBeMadeFirst() {
        Ran ran = run("nobody", "secretword", "--apply");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("--admin-url").doesNotContain("secretword");
    }

    @Test
    void rolesMadeLaterAreGrantedAtTheNextRun() throws Exception {
        run("server_four", "x", "--apply", "--admin-url", postgres.url(database));
        postgres.execute("create role service_role nologin bypassrls");
        run("server_four", "x", "--apply", "--admin-url", postgres.url(database));
        assertThat(query("select has_schema_privilege('service_role', 'realtime', 'usage'),"
                        + " has_table_privilege('service_role', 'realtime.messages', 'insert'),"
                        + " pg_has_role('server_four', 'service_role', 'member')"))
                .containsExactly("t,t,t");
    }

    @Test
    void aSupabaseDatabaseIsUsedAsItIs() throws Exception {
        try (TestPostgres supabase = TestPostgres.start()) {
            supabase.execute(text("/supabase/realtime-schema.sql"));
            String before = columns(supabase);
            Map<String, String> environment =
                    Map.of("DATABASE_URL", supabase.url("postgres", "supabase_admin", "x", "postgres"));
            Ran ran = run(environment, "--apply");
            assertThat(ran.err()).isEmpty();
            assertThat(ran.out())
                    .contains("Schema realtime belongs to \"supabase_realtime_admin\" and is used as it is.")
                    .contains(READY);
            assertThat(columns(supabase)).isEqualTo(before);
            try (Connection connection = supabase.connect()) {
                assertThat(MessagesDatabase.query(
                                connection,
                                "select count(*), min(relowner::regrole::text) from pg_inherits join pg_class on oid = inhrelid"
                                        + " where inhparent = 'realtime.messages'::regclass"))
                        .containsExactly("5,supabase_realtime_admin");
            }

            supabase.execute("create role plain login replication; grant usage on schema realtime to plain");
            Ran plain = run(Map.of("DATABASE_URL", supabase.url("postgres", "plain", "x", "postgres")), "--apply");
            assertThat(plain.exitCode()).isZero();
            assertThat(plain.out())
                    .contains("role \"plain\" may not read and write realtime.messages past its policies")
                    .contains("The partitions of realtime.messages are not kept by this server");
        }
    }

    private static String columns(TestPostgres database) throws SQLException {
        try (Connection connection = database.connect()) {
            return MessagesDatabase.query(
                            connection,
                            "select string_agg(attname, ',' order by attnum), (select count(*) from pg_proc where"
                                    + " pronamespace = 'realtime'::regnamespace) from pg_attribute"
                                    + " where attrelid = 'realtime.messages'::regclass")
                    .toString();
        }
    }

    private Ran run(String user, String password, String... arguments) {
        String login = java.net.URLEncoder.encode(user, StandardCharsets.UTF_8).replace("+", "%20") + ":"
                + java.net.URLEncoder.encode(password, StandardCharsets.UTF_8);
        return run(
                Map.of("DATABASE_URL", "postgres://" + login + "@127.0.0.1:" + postgres.port() + "/" + database),
                arguments);
    }

    private static Ran run(Map<String, String> environment, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = WalcastCommand.commandLine(new HashMap<>(environment), Map.of());
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        List<String> all = new ArrayList<>(List.of("setup"));
        all.addAll(List.of(arguments));
        int exitCode = line.execute(all.toArray(String[]::new));
        return new Ran(exitCode, out.toString(), err.toString());
    }

    private List<String> query(String sql) throws SQLException {
        try (Connection connection = postgres.connect(database)) {
            return MessagesDatabase.query(connection, sql);
        }
    }

    private static String text(String resource) throws Exception {
        try (InputStream in = SetupCommandTest.class.getResourceAsStream(resource)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
