package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.RoleStanding;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.policy.PolicyQuestion;
import dev.walcast.rls.question.PostgresRowEvaluator.AskTimeouts;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.question.RowEvaluator.Outcome;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.session.IsolatedConnections;
import dev.walcast.rls.session.RoleConnections;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Checks that the evaluation for one viewer does not affect the next, does not run as the server, and commits
/// nothing. The evaluation login is set up as by `walcast setup`.
class IsolationPgTest {
    private static final TableId DOCS = new TableId("public", "docs");
    private static final String[] USERS = {
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
        "33333333-3333-4333-8333-333333333333"
    };
    private static final AskTimeouts PATIENCE = new AskTimeouts(Duration.ofMillis(500), Duration.ofSeconds(4));

    private static TestPostgres postgres;
    private static HikariDataSource isolated;
    private static HikariDataSource clients;
    private static HikariDataSource server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create role service_role nologin bypassrls",
                "create role walcast login replication noinherit",
                "grant anon, authenticated, service_role to walcast",
                "create role walcast_evaluator login noinherit; grant anon, authenticated to walcast_evaluator",
                "create role mallory; grant create, usage on schema public to mallory; grant usage on schema public to public",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.uid() returns uuid language sql stable as"
                        + " $$ select nullif(current_setting('request.jwt.claims', true)::jsonb ->> 'sub', '')::uuid $$",
                "create table secrets (word text); insert into secrets values ('hush');"
                        + " grant select on secrets to service_role");
        isolated = pool("walcast_evaluator", IsolatedConnections.initSql(Duration.ofMillis(500), "walcast"));
        clients = pool("walcast_evaluator", "set timezone = 'UTC'");
        server = pool("walcast", "set timezone = 'UTC'");
    }

    private static HikariDataSource pool(String user, String initSql) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?prepareThreshold=0&user=" + user);
        // One connection, so that what is left in its session would affect the next question.
        config.setMaximumPoolSize(1);
        config.setConnectionInitSql(initSql);
        return new HikariDataSource(config);
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        isolated.close();
        clients.close();
        server.close();
        postgres.close();
    }

    @BeforeEach
    void table() {
        postgres.execute(
                "create table docs (id int primary key, owner uuid, title text); grant select on docs to anon, authenticated;"
                        + " alter table docs enable row level security",
                "create table seen (word text); grant all on seen to public",
                "create sequence counter; grant usage on sequence counter to public");
    }

    @AfterEach
    void dropAll() {
        postgres.execute("drop table if exists docs cascade; drop table seen; drop sequence counter;"
                + " drop function if exists who() cascade; drop function if exists liar() cascade");
    }

    @Test
    void settingDoesNotReachNextViewer() throws Exception {
        policy("plpgsql", """
                begin
                  if coalesce(current_setting('app.uid', true), '') = '' then
                    perform set_config('app.uid', auth.uid()::text, true);
                  end if;
                  return current_setting('app.uid', true)::uuid;
                end""");
        assertEachSeesItsOwn();
    }

    @Test
    void sessionSettingDoesNotReachNextViewer() throws Exception {
        policy("plpgsql", """
                begin
                  if coalesce(current_setting('app.uid', true), '') = '' then
                    perform set_config('app.uid', auth.uid()::text, false);
                  end if;
                  return current_setting('app.uid', true)::uuid;
                end""");
        assertEachSeesItsOwn();
    }

    @Test
    void temporaryTableDoesNotReachNextViewer() throws Exception {
        policy("plpgsql", """
                begin
                  create temporary table if not exists who_is (person uuid);
                  if not exists (select from pg_temp.who_is) then
                    insert into pg_temp.who_is values (auth.uid());
                  end if;
                  return (select person from pg_temp.who_is);
                end""");
        assertEachSeesItsOwn();
    }

    @Test
    void roleSetByFunctionEndsWithQuestion() throws Exception {
        policy("plpgsql", """
                declare before text := current_user;
                begin
                  execute 'reset role';
                  return case when before = 'authenticated' then auth.uid() end;
                end""");
        assertEachSeesItsOwn();
    }

    @Test
    void cachedPlansOfMisdeclaredFunctionAreDropped() throws Exception {
        postgres.execute("create function liar() returns uuid language sql immutable as"
                + " $$ select (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid $$");
        policy("plpgsql", "begin return liar(); end");
        assertEachSeesItsOwn();
    }

    @Test
    void onlyPossiblyMisdeclaredFunctionsAreReported() throws Exception {
        assertThat(new MisdeclaredFunctions(isolated, System::nanoTime).mayExist())
                .isFalse();
        for (String honest : List.of("select lower($1) || coalesce($1, '')", "select nullif(btrim($1), '')")) {
            assertThat(isSuspected(honest)).as(honest).isFalse();
        }
        for (String suspect : List.of(
                "select current_setting($1)",
                "select min(word) from seen",
                "select auth.uid()::text",
                "select current_user::text")) {
            assertThat(isSuspected(suspect)).as(suspect).isTrue();
        }
    }

    private static boolean isSuspected(String body) throws Exception {
        postgres.execute("create function said(text) returns text language sql immutable as $$ " + body + " $$");
        try {
            return new MisdeclaredFunctions(isolated, System::nanoTime).mayExist();
        } finally {
            postgres.execute("drop function said(text)");
        }
    }

    @Test
    void sessionStateBeyondRollbackIsCleared() throws Exception {
        policy("plpgsql", """
                declare held bigint;
                begin
                  select count(*) into held from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();
                  perform pg_advisory_lock(7);
                  execute 'prepare kept as select 1';
                  begin
                    perform currval('counter');
                    held := held + 1;
                  exception when object_not_in_prerequisite_state then
                    perform nextval('counter');
                  end;
                  return case when held = 0 then auth.uid() end;
                end""");
        assertEachSeesItsOwn();
        assertThat(query("select count(*) from pg_locks where locktype = 'advisory'"))
                .containsExactly("0");
    }

    @Test
    void writesOfPolicyAreNotCommitted() throws Exception {
        policy("plpgsql", """
                begin
                  insert into seen values ('before');
                  begin
                    execute 'commit';
                  exception when others then
                    insert into seen values ('after');
                  end;
                  return auth.uid();
                end""");
        assertEachSeesItsOwn();
        assertThat(query("select count(*) from seen")).containsExactly("0");
    }

    @Test
    void claimsOfOtherViewersAreNotReadable() throws Exception {
        policy("plpgsql", """
                begin
                  return case when current_setting('walcast.claims', true) = '' and position('sub' in current_query()) = 0
                              then auth.uid() end;
                end""");
        assertEachSeesItsOwn();
    }

    @Test
    void policyTextIsNotExecutedAsSql() throws Exception {
        postgres.execute("create policy p on docs using (owner = case when coalesce(title, '') <>"
                + " '$walcast$; $walcast_0$; insert into seen values (''run'') --' then auth.uid() end)");
        postgres.execute(
                "create or replace function auth.uid() returns uuid language plpgsql stable as"
                        + " $$ begin return nullif(current_setting('request.jwt.claims', true)::jsonb ->> 'sub', '')::uuid; end $$");
        assertEachSeesItsOwn();
        assertThat(query("select count(*) from seen")).containsExactly("0");
    }

    @Test
    void settingOfOnePartIsReadByNext() throws Exception {
        postgres.execute("create function who() returns boolean language plpgsql as $$ begin perform set_config("
                + "'request.jwt.claims', '{\"sub\":\"" + USERS[0] + "\"}', true); return false; end $$");
        postgres.execute("create policy p on docs using (who() or auth.uid() = owner)");
        Outcome outcome = ask(PATIENCE);
        assertThat(visible(outcome)).containsExactly("0 sees 0", "1 sees 0", "2 sees 0");
        assertThat(outcome.answers()).as("nothing was decided in memory").hasSize(9);
    }

    @Test
    void errorFailsOneQuestionOnly() throws Exception {
        policy("plpgsql", """
                begin
                  if auth.uid()::text like '2%' then
                    raise exception using errcode = 'WALCA';
                  end if;
                  return auth.uid();
                end""");
        Outcome outcome = ask(PATIENCE);
        assertThat(outcome.failures().values())
                .extracting(RowEvaluator.Failure::timeout)
                .containsOnly(false);
        assertThat(outcome.failures().values())
                .extracting(RowEvaluator.Failure::sqlState)
                .containsOnly("WALCA");
        assertThat(visible(outcome)).containsExactly("0 sees 0", "2 sees 2");
    }

    @Test
    void slowQuestionIsAnswered() throws Exception {
        policy("plpgsql", "begin perform pg_sleep(0.8); return auth.uid(); end");
        AccessQuestion question = new AccessQuestion("authenticated", DOCS);
        Fixture fixture = new Fixture(question);
        Outcome outcome = fixture.oracle(PATIENCE).ask(fixture.questions(1));
        assertThat(outcome.failures()).isEmpty();
    }

    @Test
    void endlessQuestionFailsWithinTotalTime() throws Exception {
        policy("plpgsql", """
                begin
                  if auth.uid()::text like '1%' then perform pg_sleep(3600); end if;
                  return auth.uid();
                end""");
        long begun = System.nanoTime();
        Outcome outcome = ask(PATIENCE);
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
        assertThat(outcome.failures().values()).isNotEmpty().allMatch(RowEvaluator.Failure::timeout);
    }

    @Test
    void slowBatchIsAnsweredInParts() throws Exception {
        policy("plpgsql", "begin perform pg_sleep(0.2); return auth.uid(); end");
        Outcome outcome = ask(PATIENCE);
        assertThat(outcome.failures()).isEmpty();
        assertThat(visible(outcome)).containsExactly("0 sees 0", "1 sees 1", "2 sees 2");
    }

    @Test
    void lockedTableIsTimeoutNotError() throws Exception {
        postgres.execute("grant select on seen to public");
        policy("plpgsql", "begin perform from seen; return auth.uid(); end");
        Fixture fixture = new Fixture(new AccessQuestion("authenticated", DOCS));
        try (Connection locking = postgres.connect();
                Statement statement = locking.createStatement()) {
            locking.setAutoCommit(false);
            statement.execute("lock table seen in access exclusive mode");
            Outcome outcome = fixture.oracle(new AskTimeouts(Duration.ofMillis(100), Duration.ofMillis(300)))
                    .ask(fixture.questions(3));
            assertThat(outcome.failures().values()).isNotEmpty().allMatch(RowEvaluator.Failure::timeout);
            locking.rollback();
        }
        assertThat(fixture.oracle(PATIENCE).ask(fixture.questions(3)).failures())
                .isEmpty();
    }

    @Test
    void roleIsUsableOnlyIfLoginMayBecomeIt() throws Exception {
        assertThat(standing("authenticated")).isEqualTo(RoleStanding.USABLE);
        assertThat(standing("service_role")).as("by the server's login").isEqualTo(RoleStanding.USABLE);
        for (String role : List.of(
                "postgres", "walcast", "walcast_evaluator", "mallory", "pg_read_all_data", "none", "nobody", "")) {
            assertThat(standing(role)).as(role).isNotEqualTo(RoleStanding.USABLE);
        }
    }

    @Test
    void filterRunsReadOnlyAsClientRole() throws Exception {
        postgres.execute(
                "create function spy(v int) returns boolean language plpgsql as $$ begin"
                        + " if current_user <> 'anon' then raise exception 'ran as %', current_user; end if;"
                        + " begin set role service_role; raise exception 'became it'; exception when insufficient_privilege then null; end;"
                        + " insert into seen values ('stored'); return true; end $$",
                "create domain spied as int check (spy(value))",
                "drop table docs; create table docs (id int primary key, n spied); grant select on docs to anon");
        assertThatThrownBy(() -> resolve("anon", "n=eq.7"))
                .isInstanceOf(FilterRefusedException.class)
                .hasMessageContaining("read-only transaction");
        assertThat(query("select count(*) from seen")).containsExactly("0");
        postgres.execute("drop table docs; drop domain spied; drop function spy");
    }

    @Test
    void operatorOfUserIsNotUsed() throws Exception {
        postgres.execute(
                "create function public.fake(varchar, text) returns boolean language plpgsql as"
                        + " $$ begin raise exception 'called as %', current_user; end $$",
                "create operator public.~~ (leftarg = varchar, rightarg = text, function = public.fake)",
                "create function public.fake(varchar, varchar) returns boolean language plpgsql as"
                        + " $$ begin raise exception 'called as %', current_user; end $$",
                "create operator public.= (leftarg = varchar, rightarg = varchar, function = public.fake)",
                "create operator public.~* (leftarg = varchar, rightarg = text, function = public.fake)",
                "drop table docs; create table docs (id int primary key, v varchar); grant select on docs to anon");
        for (String filter : List.of("v=like.a%", "v=imatch.^a", "v=eq.a", "v=isdistinct.b", "v=in.(a,b)", "v=gt.A")) {
            assertThat(answer("anon", filter, "a")).as(filter).isEqualTo("TRUE");
        }
        postgres.execute(
                "drop function public.fake(varchar, text) cascade; drop function public.fake(varchar, varchar) cascade");
    }

    @Test
    void extensionOperatorIsFoundInAnySchema() throws Exception {
        postgres.execute(
                "create schema ext; grant usage on schema ext to public; create extension citext schema ext;"
                        + " create extension ltree schema ext",
                "create function public.fake(ext.citext, ext.citext) returns boolean language plpgsql as"
                        + " $$ begin raise exception 'called as %', current_user; end $$",
                "create operator public.= (leftarg = ext.citext, rightarg = ext.citext, function = public.fake)",
                "drop table docs; create table docs (id int primary key, v ext.citext, l ext.ltree); grant select on docs to anon");
        for (String filter : List.of("v=eq.ABC", "v=in.(x,ABC)", "v=like.A%", "v=isdistinct.b", "v=gt.AA")) {
            assertThat(answer("anon", filter, "abc")).as(filter).isEqualTo("TRUE");
        }
        assertThat(answer("anon", "l=cd.a", "a.b")).isEqualTo("TRUE");
        postgres.execute("drop table docs; drop schema ext cascade");
    }

    /// Creates a policy that shows a row to the user that the function returns.
    private static void policy(String language, String body) {
        postgres.execute(
                "create function who() returns uuid language " + language + " as $walcast$ " + body + " $walcast$",
                "create policy p on docs using (owner = who())");
    }

    private static void assertEachSeesItsOwn() throws Exception {
        for (int i = 0; i < 2; i++) {
            Outcome outcome = ask(PATIENCE);
            assertThat(outcome.failures()).isEmpty();
            assertThat(visible(outcome)).containsExactly("0 sees 0", "1 sees 1", "2 sees 2");
        }
    }

    private static Outcome ask(AskTimeouts patience) throws Exception {
        Fixture fixture = new Fixture(new AccessQuestion("authenticated", DOCS));
        return fixture.oracle(patience).ask(fixture.questions(3));
    }

    private static List<String> visible(Outcome outcome) {
        List<String> visible = new ArrayList<>();
        outcome.answers().forEach((asked, truth) -> {
            if (truth == dev.walcast.filters.predicate.Truth.TRUE) {
                String claims = String.valueOf(((PolicyQuestion) asked.question()).claims());
                visible.add((claims.charAt(8) - '1') + " sees " + asked.row().text(0));
            }
        });
        visible.sort(null);
        return visible;
    }

    /// Three viewers and three rows, one for each viewer.
    private static final class Fixture {
        private final RowPolicies policies = new RowPolicies(isolated);
        private final AccessQuestion question;
        private final TableRights fresh;
        private final Table table;

        Fixture(AccessQuestion question) throws Exception {
            this.question = question;
            fresh = fresh(question);
            table = IsolationPgTest.table(fresh.access());
        }

        RowEvaluator oracle(AskTimeouts patience) {
            return new PostgresRowEvaluator(
                    new RoleConnections(clients, server, System::nanoTime), isolated, patience, System::nanoTime);
        }

        Set<Asked> questions(int viewers) throws Exception {
            Set<Asked> questions = new LinkedHashSet<>();
            for (int v = 0; v < viewers; v++) {
                Predicate policy = policies.predicate(
                        new Viewer("authenticated", "{\"sub\":\"" + USERS[v] + "\"}"), question, fresh);
                for (int r = 0; r < viewers; r++) {
                    Row row = Row.of(table)
                            .text(0, Integer.toString(r))
                            .text(1, USERS[r])
                            .build();
                    policy.undecided(
                            row, dev.walcast.filters.predicate.RowAnswers.NONE, q -> questions.add(new Asked(q, row)));
                }
            }
            return questions;
        }
    }

    /// Returns the standing of a role for a server with the login `walcast` and another evaluation login.
    private static RoleStanding standing(String role) throws Exception {
        return access(new AccessQuestion(role, DOCS)).standing();
    }

    private static TableAccess access(AccessQuestion question) throws Exception {
        return Objects.requireNonNull(new PostgresRightsReader(server, "none", "walcast_evaluator", System::nanoTime)
                        .read(Set.of(question))
                        .rights()
                        .get(question))
                .access();
    }

    private static TableRights fresh(AccessQuestion question) throws Exception {
        return Objects.requireNonNull(new PostgresRightsReader(isolated, "none", System::nanoTime)
                .read(Set.of(question))
                .rights()
                .get(question));
    }

    private static Table table(TableAccess access) {
        return new Table(
                DOCS,
                access.columns().stream()
                        .map(c -> new Column(
                                c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), true))
                        .toList());
    }

    private static Predicate resolve(String role, String filter) throws Exception {
        TableAccess access = access(new AccessQuestion(role, DOCS));
        FilterResolver resolver =
                new FilterResolver(new PostgresFilterDatabase(new RoleConnections(clients, server, System::nanoTime)));
        return resolver.resolve(
                FilterParser.parse(filter),
                name -> Objects.requireNonNull(access.readable(name)).type(),
                new RoleSession(role, access.settings()));
    }

    /// Returns the answer of Postgres for a row with the text in the filter's column, also where memory could
    /// decide.
    private static String answer(String role, String filter, String text) throws Exception {
        Predicate.Term term = (Predicate.Term) resolve(role, filter);
        ColumnQuestion question = (ColumnQuestion) term.question();
        Table table = table(access(new AccessQuestion(role, DOCS)));
        Row row = Row.of(table).text(table.indexOf(question.column()), text).build();
        Asked asked = new Asked(question, row);
        Outcome outcome = new PostgresRowEvaluator(
                        new RoleConnections(clients, server, System::nanoTime), isolated, PATIENCE, System::nanoTime)
                .ask(Set.of(asked));
        return String.valueOf(outcome.answers().get(asked));
    }

    private static List<String> query(String sql) throws Exception {
        List<String> found = new ArrayList<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }
}
