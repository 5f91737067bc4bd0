package dev.walcast.rls.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsMark;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Compares verdicts with a SELECT of the viewer on a table that holds exactly the row, for random policies of common
/// shapes, claims and rows. `-Dwalcast.fuzz.cases=100000` makes it long. The test prints its seed;
/// `-Dwalcast.fuzz.seed` repeats it.
class PolicyFuzzPgTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 3_000);
    private static final int VIEWERS = 6;
    private static final int ROWS = 8;
    private static final TableId DOCS = new TableId("public", "docs");

    private static final String[] USERS = {
        "11111111-1111-4111-8111-111111111111",
        "22222222-2222-4222-8222-222222222222",
        "33333333-3333-4333-8333-333333333333"
    };

    /// Terms of policies, about as often as in real projects; `%s` is a value.
    private static final String[] TERMS = {
        "auth.uid() = owner",
        "(select auth.uid()) = owner",
        "owner = auth.uid()",
        "auth.uid() = editor",
        "auth.uid() in (owner, editor)",
        "auth.uid()::text = owner::text",
        "(auth.jwt() ->> 'sub') = owner::text",
        "org = (auth.jwt() ->> 'org')::int",
        "(select auth.jwt() ->> 'org')::int = org",
        "title = (auth.jwt() ->> 'title')",
        "kind = (auth.jwt() ->> 'kind')",
        "lower(title) = lower(auth.jwt() ->> 'title')",
        "is_public",
        "not is_public",
        "is_public is not true",
        "is_public = true",
        "status = 'open'",
        "status in ('open', 'closed')",
        "status <> 'closed'",
        "status is null",
        "title is not null",
        "n > 3",
        "n between 1 and 5",
        "n = any (array[1, 2, 3])",
        "n <= org",
        "code = 'ab'",
        "code > 'aa'",
        "title like 'a%%'",
        "title ~ '^[ab]'",
        "tags @> array['x']",
        "'x' = any (tags)",
        "meta ->> 'owner' = auth.uid()::text",
        "meta ? 'owner'",
        "owner is null or owner = auth.uid()",
        "coalesce(owner, editor) = auth.uid()",
        "auth.role() = 'authenticated'",
        "auth.uid() is not null",
        "(auth.jwt() ->> 'admin')::boolean",
        "coalesce((auth.jwt() ->> 'admin')::boolean, false)",
        "true",
        "false",
        "current_setting('request.jwt.claims', true)::json ->> 'sub' = owner::text",
        "exists (select 1 from members m where m.org = docs.org and m.person = auth.uid())",
        "org in (select m.org from members m where m.person = auth.uid())",
        "org in (select m.org from members m where m.person = (select auth.uid()))",
        "not exists (select 1 from members where members.org = docs.org and members.person = editor)",
        "exists (select 1 from closed c where c.org = docs.org and c.person = auth.uid())",
        "is_member(org)",
        "(select is_member(org))",
        "org = my_org()",
        "org = (select my_org())",
        "has_role('admin')",
        "plain_member(docs.org, auth.uid())",
        "claims_org() = org",
        "liar() = owner",
        "editor = auth.uid() and n > 2",
        "price > 1.5",
        "price = (auth.jwt() ->> 'price')::numeric",
        "made >= '2024-01-01'",
        "made < now()",
        "mood = 'ok'",
        "mood >= 'ok'",
        "mood::text = auth.jwt() ->> 'mood'",
        "flag_of(docs)",
        "remembered() = owner",
        "kept() = owner",
        "misled() = owner",
        "misled_sql() = owner",
        "never_counted()",
        "never_locked()",
        "never_prepared()",
        "became_the_login() and auth.uid() = owner",
        "refuses(n)",
        "forgives(n) = owner",
        "set_config('app.tenant', coalesce(auth.uid()::text, ''), true) = owner::text",
        "10 / n > 1",
        "in_org(org)",
        "in_org(n) and owner is not null",
        "(select in_org(docs.org))",
        "through_another(org)",
        "org === n",
        "exists (select 1 from guarded g where g.org = docs.org)",
        "org in (select v.org from view_of_members v)"
    };

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int inMemory;
    private int asked;
    private int visible;
    private int spared;
    private int folded;
    private int merged;

    @Test
    void viewersSeeExactlyWhatSelectShows() throws Exception {
        List<String> differences = new ArrayList<>();
        try (TestPostgres postgres = TestPostgres.start();
                TestDataSources sources = new TestDataSources(postgres.port(), "postgres")) {
            postgres.execute(SETUP.split("\n\n"));
            for (int i = 0; i < CASES / (VIEWERS * ROWS) && differences.isEmpty(); i++) {
                play(postgres, sources, differences);
            }
        }
        System.out.println(
                "PolicyFuzzPgTest, seed " + seed + ": " + inMemory + " in memory, " + asked + " by Postgres, " + visible
                        + " visible, " + spared + " where SELECT stops at an error that another policy spares us, "
                        + folded + " where WHERE drops an error beside a NULL, " + merged
                        + " where WHERE may call a function less often");
        assertThat(differences).as("seed " + seed).isEmpty();
    }

    private static final String SETUP = """
            create role anon nologin; create role authenticated nologin; create schema auth;
            grant usage on schema auth, public to anon, authenticated

            create function auth.jwt() returns jsonb language sql stable
              return coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb

            create function auth.uid() returns uuid language sql stable as
              $$ select nullif(coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb ->> 'sub', '')::uuid $$

            create function auth.role() returns text language sql stable as $$ select auth.jwt() ->> 'role' $$

            create type mood as enum ('sad', 'ok', 'happy');
            create table docs (id int primary key, owner uuid, editor uuid, org int, title text, kind varchar(10), code char(4),
              is_public boolean, status text collate "C", n int, price numeric(8, 2), made timestamptz, tags text[], meta jsonb, mood mood)

            create table members (org int, person uuid, primary key (org, person));
            create table closed (org int, person uuid, primary key (org, person));
            alter table closed enable row level security;
            create policy own on closed to authenticated using (person = auth.uid());
            grant select on docs, members, closed to anon, authenticated;
            alter table docs enable row level security

            create function is_member(o int) returns boolean language sql stable security definer as
              $$ select exists (select 1 from members m where m.org = o and m.person = auth.uid()) $$

            create function my_org() returns int language plpgsql stable security definer as
              $$ begin return (select min(org) from members where person = auth.uid()); end $$

            create function has_role(r text) returns boolean language sql stable as $$ select auth.jwt() ->> 'role_name' = r $$

            create function plain_member(o int, p uuid) returns boolean language sql stable as
              $$ select exists (select 1 from public.members where org = o and person = p) $$

            create function in_org(o int) returns boolean language sql stable as
              $$ select exists (select 1 from members m where m.org = o and m.person = auth.uid()) $$

            create function through_another(o int) returns boolean language sql stable as $$ select in_org(o) $$

            create function either_org(o int, p int) returns boolean language sql stable return in_org(o) or through_another(p);
            create operator === (function = either_org, leftarg = int, rightarg = int)

            create table guarded (org int); insert into guarded values (1), (2), (3); alter table guarded enable row level security;
            create policy own on guarded using (in_org(org)); grant select on guarded to anon, authenticated;
            create view view_of_members as select org from members where in_org(org);
            grant select on view_of_members to anon, authenticated

            create function claims_org() returns int language sql stable as $$ select (auth.jwt() ->> 'org')::int $$

            create function liar() returns uuid language sql immutable as
              $$ select (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid $$

            create function flag_of(d docs) returns boolean language sql stable as $$ select d.is_public or d.n > 5 $$

            create function remembered() returns uuid language plpgsql stable as $$ begin
              if coalesce(current_setting('app.uid', true), '') = '' then
                perform set_config('app.uid', coalesce(auth.uid()::text, ''), true);
              end if;
              return nullif(current_setting('app.uid', true), '')::uuid; end $$

            create function kept() returns uuid language plpgsql as $$ declare found uuid; begin
              create temporary table if not exists kept (person uuid) on commit drop;
              if not exists (select from pg_temp.kept) then insert into pg_temp.kept values (auth.uid()); end if;
              select person into found from pg_temp.kept limit 1; return found; end $$

            create function misled() returns uuid language plpgsql stable as $$ begin return liar(); end $$

            create function misled_sql() returns uuid language sql stable security definer as $$ select liar() $$

            create sequence counter; grant usage on sequence counter to anon, authenticated;
            create function never_counted() returns boolean language plpgsql as $$ begin
              perform currval('counter'); return false;
              exception when others then perform nextval('counter'); return true; end $$

            create function never_locked() returns boolean language plpgsql as $$ declare held bigint; begin
              select count(*) into held from pg_locks where locktype = 'advisory' and pid = pg_backend_pid();
              perform pg_try_advisory_lock(42); return held = 0; end $$

            create function never_prepared() returns boolean language plpgsql as $$ begin
              execute 'prepare walcast_test as select 1'; return true;
              exception when duplicate_prepared_statement then return false; end $$

            create function became_the_login() returns boolean language plpgsql as $$ begin
              execute 'reset role'; return current_user = session_user; end $$

            create function refuses(n int) returns boolean language plpgsql as $$ begin
              if n > 3 then raise exception using errcode = 'WALCA'; end if; return n > 0; end $$

            create function forgives(n int) returns uuid language plpgsql as $$ begin
              perform set_config('app.kept', coalesce(auth.uid()::text, ''), true); return (10 / (n - 1))::text::uuid;
              exception when others then return nullif(current_setting('app.kept', true), '')::uuid; end $$

            insert into members values (1, '11111111-1111-4111-8111-111111111111'), (1, '22222222-2222-4222-8222-222222222222'),
              (2, '22222222-2222-4222-8222-222222222222'), (3, '33333333-3333-4333-8333-333333333333');
            insert into closed select * from members""";

    private void play(TestPostgres postgres, TestDataSources sources, List<String> differences) throws Exception {
        List<String> policies = policies();
        List<String> statements = new ArrayList<>();
        statements.add(
                "do $$ declare p text; begin for p in select policyname from pg_policies where tablename = 'docs' loop"
                        + " execute format('drop policy %I on docs', p); end loop; end $$");
        statements.addAll(policies);
        postgres.execute(String.join(";\n", statements));
        Rights rights = new Rights(
                new PostgresRightsReader(sources.isolated(), "none", System::nanoTime), RightsLimits.USUAL, () -> 0L);
        RowGuard guard = new RowGuard(rights, new RowPolicies(sources.isolated()), RowGuard.DeleteVisibility.STRICT);
        PostgresRowEvaluator oracle =
                new PostgresRowEvaluator(sources.asClients(), sources.isolated(), System::nanoTime);
        TableAccess access = Objects.requireNonNull(rights.ask(new AccessQuestion("authenticated", DOCS)))
                .access();
        Table table = new Table(
                DOCS,
                access.columns().stream()
                        .map(c -> new Column(
                                c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), true))
                        .toList());
        List<Viewer> viewers = new ArrayList<>();
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < VIEWERS; i++) {
            viewers.add(viewer());
        }
        for (int i = 0; i < ROWS; i++) {
            changes.add(
                    new Change.Insert(table, new Position(new Lsn(1), i), new Commit(new Lsn(1), 1, 0), row(table)));
        }
        Set<Asked> questions = new LinkedHashSet<>();
        RightsMark mark = rights.latest(DOCS);
        for (Viewer viewer : viewers) {
            guard.prepare(viewer, DOCS, mark, 1_000_000_000);
            for (Change change : changes) {
                guard.undecided(viewer, change, mark, questions::add);
            }
        }
        RowAnswers answers = oracle.ask(questions);
        for (Viewer viewer : viewers) {
            for (Change change : changes) {
                check(sources, guard, mark, answers, access, viewer, (Change.Insert) change, policies, differences);
            }
        }
    }

    private void check(
            TestDataSources sources,
            RowGuard guard,
            RightsMark mark,
            RowAnswers answers,
            TableAccess access,
            Viewer viewer,
            Change.Insert change,
            List<String> policies,
            List<String> differences)
            throws Exception {
        if (guard.judge(viewer, change, mark, RowAnswers.NONE) instanceof Verdict.Undecided) {
            asked++;
        } else {
            inMemory++;
        }
        Verdict verdict = guard.judge(viewer, change, mark, answers);
        boolean shown = verdict instanceof Verdict.Visible;
        visible += shown ? 1 : 0;
        String selected = ExactRow.select(sources.asClients(), DOCS, access, change.newRow(), viewer);
        if (shown && selected.startsWith("error")) {
            spared++;
        } else if (verdict.equals(new Verdict.Hidden(Verdict.Reason.POLICY_FAILED)) && isFoldedByPostgres(policies)) {
            folded++;
        } else if ((shown || verdict.equals(new Verdict.Hidden(Verdict.Reason.POLICY)))
                && isMergedByPostgres(policies)) {
            merged++;
        } else if (shown != selected.equals("visible")) {
            differences.add(verdict + " but " + selected + "\n  " + String.join("\n  ", policies) + "\n  as "
                    + viewer.role() + " " + viewer.claims() + "\n  of " + change.newRow());
        }
    }

    /// A function that is wrongly declared immutable is NULL when Postgres plans for a viewer without `sub`, and
    /// WHERE drops the terms beside a NULL, with their errors. See the limits in docs/rls.md.
    private static boolean isFoldedByPostgres(List<String> policies) {
        return policies.stream().anyMatch(policy -> policy.contains("liar()"));
    }

    /// Postgres merges equal terms of an OR, or of an AND under a NOT, in a WHERE. A function that counts its own
    /// calls is then called less often: SELECT may show a row that the guard hides, and under a NOT the other way
    /// round. The second SELECT of one session may differ from the first as well. See the limits in docs/rls.md.
    private static boolean isMergedByPostgres(List<String> policies) {
        String all = String.join(" ", policies);
        return Stream.of("never_counted()", "never_locked()", "never_prepared()")
                .anyMatch(call -> all.indexOf(call) != all.lastIndexOf(call));
    }

    private List<String> policies() {
        List<String> policies = new ArrayList<>();
        for (int i = random.nextInt(3); i >= 0; i--) {
            String restrictive = random.nextInt(6) == 0 ? " as restrictive" : "";
            String role = random.nextInt(3) == 0 ? " to authenticated" : "";
            String command = random.nextInt(5) == 0 ? " for all" : " for select";
            policies.add("create policy p" + i + " on docs" + restrictive + command + role + " using (" + expression(2)
                    + ")");
        }
        return policies;
    }

    private String expression(int depth) {
        int shape = random.nextInt(depth > 0 ? 6 : 3);
        return switch (shape) {
            case 3 -> "(" + expression(depth - 1) + " or " + expression(depth - 1) + ")";
            case 4 -> "(" + expression(depth - 1) + " and " + expression(depth - 1) + ")";
            case 5 -> "not (" + expression(depth - 1) + ")";
            default -> TERMS[random.nextInt(TERMS.length)].replace("%%", "%");
        };
    }

    private Viewer viewer() {
        String role = random.nextInt(6) == 0 ? "anon" : "authenticated";
        List<String> claims = new ArrayList<>();
        claims.add("\"role\":\"" + role + "\"");
        maybe(claims, "\"sub\":\"" + (random.nextInt(12) == 0 ? "user_42" : USERS[random.nextInt(3)]) + "\"");
        maybe(claims, "\"org\":" + pick("1", "2", "\"3\"", "null", "\"x\""));
        maybe(claims, "\"title\":" + pick("\"a\"", "\"Ab\"", "\"\""));
        maybe(claims, "\"kind\":" + pick("\"note\"", "\"memo\""));
        maybe(claims, "\"admin\":" + pick("true", "false", "\"yes\""));
        maybe(claims, "\"role_name\":" + pick("\"admin\"", "\"user\""));
        maybe(claims, "\"price\":" + pick("1.50", "\"1.5\"", "2"));
        maybe(claims, "\"mood\":" + pick("\"ok\"", "\"sad\""));
        return new Viewer(role, "{" + String.join(",", claims) + "}");
    }

    private void maybe(List<String> claims, String claim) {
        if (random.nextInt(4) > 0) {
            claims.add(claim);
        }
    }

    private String pick(String... values) {
        return values[random.nextInt(values.length)];
    }

    private Row row(Table table) {
        Row.Builder row = Row.of(table);
        row.text(0, "1");
        set(row, table, "owner", USERS);
        set(row, table, "editor", USERS);
        set(row, table, "org", "1", "2", "3", "4");
        set(row, table, "title", "a", "ab", "Ab", "b", "");
        set(row, table, "kind", "note", "memo");
        set(row, table, "code", "ab  ", "zz  ");
        set(row, table, "is_public", "t", "f");
        set(row, table, "status", "open", "closed", "other");
        set(row, table, "n", "0", "1", "3", "4", "6", "9");
        set(row, table, "price", "1.50", "2.00", "0.10");
        set(row, table, "made", "2023-06-01 00:00:00+00", "2024-06-01 00:00:00+00", "infinity");
        set(row, table, "tags", "{}", "{x}", "{x,y}", "{\"a b\",NULL}");
        set(row, table, "meta", "{}", "{\"owner\": \"" + USERS[0] + "\"}", "[\"owner\"]", "1");
        set(row, table, "mood", "sad", "ok", "happy");
        return row.build();
    }

    private void set(Row.Builder row, Table table, String column, String... values) {
        if (random.nextInt(6) > 0) {
            row.text(table.indexOf(column), pick(values));
        }
    }
}
