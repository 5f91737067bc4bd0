package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.setup.MessagesDatabase;
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
    void applyAsAdministratorIsRepeatable() throws Exception {
        Ran first = run("server_one", "p'ass\\word", "--apply", "--admin-url", postgres.url(database));
        assertThat(first.err()).isEmpty();
        assertThat(first.exitCode()).isZero();
        assertThat(first.out())
                .contains("Role \"server_one\", its grants, and publication \"supabase_realtime\" exist.")
                .contains("3 migrations run")
                .contains("Partitions made: messages_")
                .contains(READY)
                .doesNotContain("p'ass", "ass\\word");

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
    void printedScriptRunsTwice() throws Exception {
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
    void setupCallsNoUserObjects() throws Exception {
        for (String printed : List.of("", "printed")) {
            hostile();
            String user = "server_hostile" + printed;
            if (printed.isEmpty()) {
                Ran ran = run(user, "x", "--apply", "--admin-url", postgres.url(database));
                assertThat(ran.err()).isEmpty();
                assertThat(ran.exitCode()).isZero();
            } else {
                String[] parts = run(user, "x", "--print").out().split("\n-- 2\\. By role ");
                postgres.executeIn(database, parts[0], "set session authorization " + user + "; -- " + parts[1]);
            }
            assertThat(run(user, "x", "--apply").out()).contains(READY);
            assertThat(query("select count(*) from public.calls")).containsExactly("0");
            assertThat(query("select rolsuper from pg_roles where rolname = 'mallory'"))
                    .containsExactly("f");
            freshDatabase();
        }
    }

    /// Creates what a user with CREATE on `public` can create: exact matches for calls and operators without a
    /// schema.
    private void hostile() {
        postgres.execute("do $$ begin create role mallory; exception when duplicate_object then null; end $$");
        StringBuilder sql = new StringBuilder("grant create on schema public to mallory; set role mallory;"
                + " create table public.calls (what text); grant all on public.calls to public;"
                + " create function public.called(what text) returns void language plpgsql as"
                + " $$ begin insert into public.calls values (what); execute 'alter role mallory superuser';"
                + " exception when insufficient_privilege then null; end $$;");
        String[] functions = {
            "format(text, text) returns text",
            "format(text, name) returns text",
            "quote_ident(text) returns text",
            "now() returns timestamptz",
            "gen_random_uuid() returns uuid",
            "pg_has_role(text, text, text) returns boolean",
            "current_setting(varchar) returns text"
        };
        for (String function : functions) {
            String result = function.substring(function.indexOf("returns ") + 8);
            sql.append("create function public.")
                    .append(function)
                    .append(" language plpgsql as $$ begin perform")
                    .append(" public.called('function'); return null::")
                    .append(result)
                    .append("; end $$;");
        }
        for (String types : List.of("name, text", "name, varchar", "text, name", "oid, int4", "varchar, varchar")) {
            String[] sides = types.split(", ");
            sql.append("create function public.equal(")
                    .append(types)
                    .append(") returns boolean language plpgsql as")
                    .append(" $$ begin perform public.called('operator'); return true; end $$;")
                    .append("create operator public.= (leftarg = ")
                    .append(sides[0])
                    .append(", rightarg = ")
                    .append(sides[1])
                    .append(", function = public.equal);");
        }
        postgres.executeIn(
                database,
                sql.append("reset role; alter database ")
                        .append(database)
                        .append(" set search_path = public, pg_catalog")
                        .toString());
    }

    @Test
    void setupCreatesEvaluationLogin() throws Exception {
        Ran ran = run("server_five", "x", "--apply", "--admin-url", postgres.url(database));
        assertThat(ran.out()).contains("EVALUATION_DATABASE_URL=postgres://walcast_evaluator:PASSWORD@");
        assertThat(query("select rolsuper, rolreplication, rolbypassrls, rolcanlogin, rolinherit,"
                        + " pg_has_role('walcast_evaluator', 'authenticated', 'member'),"
                        + " has_database_privilege('walcast_evaluator', current_database(), 'create')"
                        + " from pg_roles where rolname = 'walcast_evaluator'"))
                .containsExactly("f,f,f,t,f,t,f");
        String url = "postgres://own_evaluator:hidden@127.0.0.1:" + postgres.port() + "/" + database;
        Ran own = run(
                "server_five", "x", "--apply", "--admin-url", postgres.url(database), "--evaluation-database-url", url);
        assertThat(own.out()).contains("Role \"own_evaluator\"").doesNotContain("hidden");
        assertThat(query("select rolpassword is not null from pg_authid where rolname = 'own_evaluator'"))
                .containsExactly("t");
    }

    @Test
    void setupReportsRightsAnnouncements() throws Exception {
        String triggers = "select evtname, evtenabled from pg_event_trigger order by evtname";
        assertThat(applyAs("postgres"))
                .contains("Event triggers walcast_rights and walcast_rights_drop announce")
                .doesNotContain("not announced");
        assertThat(query(triggers)).containsExactly("walcast_rights,A", "walcast_rights_drop,A");

        postgres.executeIn(
                database,
                "drop schema walcast_rights cascade",
                "create role plain_admin login; grant create on database " + database + " to plain_admin");
        assertThat(applyAs("plain_admin"))
                .contains("not announced in the log, because only a superuser may make event triggers")
                .contains(READY);
        assertThat(query(triggers)).isEmpty();
        assertThat(query("select count(*) from pg_namespace where nspname = 'walcast_rights'"))
                .containsExactly("0");

        postgres.executeIn(database, "create schema walcast_rights authorization plain_admin");
        assertThat(applyAs("postgres")).contains("schema walcast_rights belongs to \"plain_admin\"");
        assertThat(query(triggers)).isEmpty();
    }

    private String applyAs(String admin) {
        Ran ran = run("server_six", "x", "--apply", "--admin-url", postgres.url("postgres", admin, "x", database));
        assertThat(ran.err()).isEmpty();
        return ran.out();
    }

    @Test
    void missingCreateRightIsReported() {
        postgres.execute("create role server_three login replication");
        Ran ran = run("server_three", "x", "--apply");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("GRANT CREATE ON DATABASE \"" + database + "\" TO \"server_three\"");
    }

    @Test
    void unknownRoleIsReported() {
        Ran ran = run("nobody", "secretword", "--apply");
        assertThat(ran.exitCode()).isEqualTo(1);
        assertThat(ran.err()).contains("--admin-url").doesNotContain("secretword");
    }

    @Test
    void laterRolesAreGrantedAtNextRun() throws Exception {
        run("server_four", "x", "--apply", "--admin-url", postgres.url(database));
        postgres.execute("create role service_role nologin bypassrls");
        run("server_four", "x", "--apply", "--admin-url", postgres.url(database));
        assertThat(query("select has_schema_privilege('service_role', 'realtime', 'usage'),"
                        + " has_table_privilege('service_role', 'realtime.messages', 'insert'),"
                        + " pg_has_role('server_four', 'service_role', 'member')"))
                .containsExactly("t,t,t");
    }

    @Test
    void supabaseDatabaseIsUsedUnchanged() throws Exception {
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
                    .contains("role \"plain\" cannot read and write realtime.messages bypassing its policies")
                    .contains("This server does not maintain the partitions of realtime.messages");
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
