package dev.walcast.rls.session;

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
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.question.PostgresFilterDatabase;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.rows.PostgresRowReader;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Compares policies, filters and snapshots with the SELECTs of a new session of the role, under settings of the
/// server, the database and the role. `-Dwalcast.fuzz.cases=5000` makes the random part long. The test prints its
/// seed; `-Dwalcast.fuzz.seed` repeats it.
class SettingsPgTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 60);
    private static final TableId EVENTS = new TableId("public", "events");
    private static final String CLAIMS = """
            {"role":"viewer","until":"01/02/2026 00:00","day":"01/02/2026","span":"-1 1:00"}""";
    private static final Viewer VIEWER = new Viewer("viewer", CLAIMS);

    private static final String[] TERMS = {
        "at::date >= '2026-01-02'",
        "d::timestamptz > '2026-01-02 03:00:00+00'",
        "at::text like '2026-01-01%'",
        "to_char(at, 'HH24') = '20'",
        "extract(hour from at) = 4",
        "date_trunc('day', at) = '2026-01-02 00:00:00+00'",
        "ts::timestamptz >= '2026-01-02 00:00:00+00'",
        "iv::text = '1 mon'",
        "iv::text like 'P%'",
        "iv::text like '@%'",
        "iv::text like '%-%'",
        "b::text = '\\xdead'",
        "f::text = '0.1'",
        "tx::date = d",
        "tx::timestamptz < at",
        "tx::interval < iv",
        "tx::text[] @> array['NULL']",
        "coalesce(current_setting('app.tenant', true), 'none') = tx",
        "to_tsvector(tx) @@ to_tsquery('cats')",
        "tx::xml is not null",
        "named() = n",
        "zone() = 'UTC'",
        "wrong_zone() = 'UTC'",
        "midnight() <= at",
        "at > (auth.jwt() ->> 'until')::timestamptz",
        "d = (auth.jwt() ->> 'day')::date",
        "iv = (auth.jwt() ->> 'span')::interval",
        "iv > (auth.jwt() ->> 'span')::interval",
        "at > '2026-01-02 03:00:00+00'",
        "iv > '-1 days -01:00:00'",
        "writes()",
        "n > 1",
        "a @> array['x']",
        "exists (select 1 from which where which.n = events.n)",
        "in_which(n)",
        "not in_which(n)",
        "through(n)",
        "stored(n)",
        "exists (select 1 from guarded where guarded.n = events.n)",
        "exists (select 1 from view_of_which v where v.n = events.n)",
        "n === 1",
        "case n when 1 then in_which(n) else not in_which(n) end",
        "upper(tx::varchar) = 'CATS' or in_which(n)"
    };

    private static final String[][] FILTERS = {
        {"at=gt.2026-01-02", "at > '2026-01-02'"},
        {"at=lte.01/02/2026 04:00", "at <= '01/02/2026 04:00'"},
        {"at=in.(2026-01-02,\"01/02/2026 04:00\")", "at in ('2026-01-02', '01/02/2026 04:00')"},
        {"at=isdistinct.01/02/2026 04:00", "at is distinct from '01/02/2026 04:00'"},
        {"d=eq.01/02/2026", "d = '01/02/2026'"},
        {"ts=gt.01/02/2026", "ts > '01/02/2026'"},
        {"iv=eq.-1 1:00", "iv = '-1 1:00'"},
        {"iv=gt.-1 1:00", "iv > '-1 1:00'"},
        {"iv=in.(\"-1 1:00\",\"1 mon\")", "iv in ('-1 1:00', '1 mon')"},
        {"b=eq.\\xdead", "b = '\\xdead'"},
        {"f=eq.0.1", "f = '0.1'"},
        {"a=cs.\"{NULL}\"", "a @> '{NULL}'"},
        {"a=eq.\"{x,NULL}\"", "a = '{x,NULL}'"},
        {"tx=fts.cats", "to_tsvector(tx) @@ to_tsquery('cats')"},
        {"tx=like.%cat%", "tx like '%cat%'"},
        {"tx=eq.cats", "tx = 'cats'"},
        {"n=gt.1", "n > 1"},
        {"x=is.null", "x is null"}
    };

    private static final Map<String, List<String>> SETTINGS = Map.ofEntries(
            Map.entry("timezone", List.of("America/Los_Angeles", "Asia/Kolkata", "UTC", "Pacific/Kiritimati")),
            Map.entry("datestyle", List.of("German, DMY", "SQL, DMY", "ISO, DMY", "ISO, YMD", "Postgres, MDY")),
            Map.entry("intervalstyle", List.of("sql_standard", "iso_8601", "postgres_verbose", "postgres")),
            Map.entry("bytea_output", List.of("escape", "hex")),
            Map.entry("extra_float_digits", List.of("-14", "0", "3")),
            Map.entry("xmloption", List.of("document", "content")),
            Map.entry("array_nulls", List.of("off", "on")),
            Map.entry("transform_null_equals", List.of("on")),
            Map.entry("default_text_search_config", List.of("pg_catalog.simple", "pg_catalog.english")),
            Map.entry("search_path", List.of("one", "two, public", "public", "\"$user\", one")),
            Map.entry("app.tenant", List.of("one", "cats", "it''s")),
            Map.entry("default_transaction_read_only", List.of("on", "off")),
            Map.entry("statement_timeout", List.of("1min")));

    private static final String ROWS = """
            insert into public.events values
              (1, 1, '2026-01-02 04:00+00', '2026-01-02', '2026-01-02 04:00', '1 mon', 'cats', '\\xdead', 0.1, '{x}', null),
              (2, 2, '2026-01-01 23:30+00', '2026-02-01', '2026-01-01 23:30', '-1 days -01:00:00', '01/02/2026', '\\x00ff41', 0.30000000000000004, '{x,NULL}', '<a/><b/>'),
              (3, 3, '2026-01-02 12:00+00', '2026-01-01', '2026-02-01 00:00', '1 year -2 mons +3 days', 'the cat', '\\x', 1e300, '{"NULL"}', '<a/>'),
              (4, 1, 'infinity', 'infinity', '-infinity', '-1 days +01:00:00', '{NULL}', null, 'NaN', null, 'just text'),
              (5, null, null, null, null, null, '<a/>b', null, null, '{}', null),
              (6, 2, '0044-03-15 12:00:00+00 BC', '0044-03-15 BC', '12026-01-02 00:00', '-00:00:01', '-1 1:00', '\\x5c', -0.0, '{a,"b c"}', null)""";

    private static TestPostgres postgres;
    private static TestDataSources sources;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int visible;
    private int hidden;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start(Map.of("timezone", "Asia/Tokyo"));
        postgres.execute("alter system set datestyle = 'ISO, DMY'", "select pg_reload_conf()");
        postgres.execute(
                "create role viewer login; create role other login; create schema auth; create schema one; create schema two",
                "grant usage on schema public, auth, one, two to viewer, other",
                "create table public.which (n int); create table one.which (n int); create table two.which (n int)",
                "insert into public.which values (3); insert into one.which values (1); insert into two.which values (2)",
                "grant select on public.which, one.which, two.which to viewer, other",
                "create function auth.jwt() returns jsonb language sql stable as"
                        + " $$ select current_setting('request.jwt.claims', true)::jsonb $$",
                "create function named() returns int language plpgsql stable as $$ begin return (select n from which); end $$",
                "create function zone() returns text language plpgsql stable as $$ begin return current_setting('timezone'); end $$",
                "create function wrong_zone() returns text language sql immutable as $$ select current_setting('timezone') $$",
                "create function midnight() returns timestamptz language plpgsql stable as"
                        + " $$ begin return '2026-01-02'::timestamptz; end $$",
                "create function writes() returns boolean language plpgsql as $$ begin"
                        + " create temporary table if not exists w (n int); insert into pg_temp.w values (1); return true; end $$",
                "create function in_which(v int) returns boolean language sql stable as"
                        + " $$ select exists (select 1 from which w where w.n = v) $$",
                "create function in_public_which(v int) returns boolean language sql stable as"
                        + " $$ select exists (select 1 from public.which w where w.n operator(pg_catalog.=) v) $$",
                "create function through(v int) returns boolean language sql stable as $$ select in_which(v) $$",
                "create function stored(v int) returns boolean language sql stable return in_which(v)",
                "create function either(v int, w int) returns boolean language sql stable as"
                        + " $$ select in_which(v) or v = w $$",
                "create operator === (function = either, leftarg = int, rightarg = int)",
                "create table guarded (n int); insert into guarded values (1), (2), (3); grant select on guarded to viewer",
                "alter table guarded enable row level security; create policy own on guarded using (in_which(n))",
                "create view view_of_which as select n from guarded where in_which(n); grant select on view_of_which to viewer",
                "create table events (id int primary key, n int, at timestamptz, d date, ts timestamp, iv interval, tx text,"
                        + " b bytea, f float8, a text[], x xml)",
                "grant select on events to viewer, other; alter table events enable row level security",
                "create publication p for table events",
                ROWS);
        sources = new TestDataSources(postgres.port(), "postgres");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        if (sources != null) {
            sources.close();
        }
        postgres.close();
    }

    @AfterEach
    void resetAll() {
        postgres.execute(
                "set default_transaction_read_only = off",
                "alter database postgres reset all; alter role all reset all;"
                        + " alter role viewer reset all; alter role viewer in database postgres reset all;"
                        + " alter role other reset all");
    }

    @Test
    void policySeesTimeZoneOfDatabase() throws Exception {
        postgres.execute("alter database postgres set timezone = 'America/Los_Angeles'");
        policy("at::date >= '2026-01-02'");
        assertThat(shown(VIEWER)).containsExactly(3, 4);
        assertThat(shown(VIEWER)).isEqualTo(selected(VIEWER, "true"));
    }

    @Test
    void policySeesTimeZoneOfServer() throws Exception {
        policy("at::date <= '2026-01-01'");
        assertThat(shown(VIEWER)).containsExactly(6);
        assertThat(shown(VIEWER)).isEqualTo(selected(VIEWER, "true"));
    }

    @Test
    void settingsOfRoleDoNotReachAnother() throws Exception {
        postgres.execute(
                "alter role viewer set timezone = 'America/Los_Angeles'; alter role viewer set search_path = one;"
                        + " alter role viewer set app.tenant = 'cats'");
        Viewer other = new Viewer("other", CLAIMS);
        for (String term : List.of(
                "public.midnight() <= at",
                "public.named() = n",
                "coalesce(current_setting('app.tenant', true), '') in ('', 'cats')",
                "to_char(at, 'HH24') = '20'")) {
            policy(term);
            for (Viewer viewer : List.of(VIEWER, other, VIEWER, other)) {
                assertThat(shown(viewer)).as(term).isEqualTo(selected(viewer, "true"));
            }
        }
    }

    @Test
    void inlinedFunctionSeesSearchPath() throws Exception {
        postgres.execute(
                "alter role viewer set search_path = two, public; alter role viewer set extra_float_digits = -14;"
                        + " alter role viewer set datestyle = 'German, DMY'; alter role viewer set intervalstyle = 'sql_standard'");
        for (String term : List.of(
                "in_which(n)",
                "through(n)",
                "stored(n)",
                "n === 1",
                "n = 3 or in_which(n)",
                "id < 6 and not in_which(n)",
                "at < '2026-01-02 03:00:00+00' and in_which(n)",
                "f = 0.30000000000000004 or in_which(n)",
                "iv = '-1 days +01:00:00' or in_which(n)",
                "exists (select 1 from guarded where guarded.n = events.n)",
                "exists (select 1 from view_of_which v where v.n = events.n)")) {
            policy(term);
            assertThat(selected(VIEWER, "true")).as(term).isNotEmpty();
            assertThat(shown(VIEWER)).as(term).isEqualTo(selected(VIEWER, "true"));
            assertThat(read("n=gt.0")).as(term).isEqualTo(selected(VIEWER, "n > 0"));
        }
    }

    @Test
    void inlinedFunctionSeesChangedSearchPath() throws Exception {
        policy("in_which(n)");
        for (String path : List.of("one, public", "two, public", "public", "one", "\"$user\", two, public")) {
            postgres.execute("alter role viewer set search_path = " + path);
            assertThat(shown(VIEWER)).as(path).isEqualTo(selected(VIEWER, "true"));
        }
    }

    @Test
    void changedPolicyIsEvaluatedByOldText() throws Exception {
        policy("in_public_which(n)");
        assertThat(shown(VIEWER, () -> policy("in_which(n) or true"))).containsExactly(3);
        policy("in_public_which(n)");
        assertThat(shown(VIEWER, () -> postgres.execute("drop policy own on public.events")))
                .containsExactly(3);
    }

    @Test
    void ambiguousUnnamedOperatorHidesRow() throws Exception {
        policy("n is not distinct from 1 and in_public_which(3)");
        assertThat(shown(VIEWER)).containsExactly(1, 4);
        postgres.execute(
                "create function one.never(int, int) returns boolean language sql immutable as $$ select false $$",
                "create operator one.= (function = one.never, leftarg = int, rightarg = int)",
                "alter role viewer set search_path = one, pg_catalog, public");
        try {
            assertThat(shown(VIEWER)).isEmpty();
        } finally {
            postgres.execute("drop operator one.= (int, int); drop function one.never");
        }
    }

    @Test
    void functionWithoutItsTableHidesAllRows() throws Exception {
        policy("in_which(n)");
        postgres.execute("alter role viewer set search_path = auth");
        assertThat(failed(VIEWER, "true")).isTrue();
        assertThat(shown(VIEWER)).isEmpty();
    }

    @Test
    void policyNamesResolveAsInPostgres() throws Exception {
        policy("upper(tx::varchar) like 'CAT%' and in_which(n)");
        postgres.execute(
                "create function one.upper(varchar) returns text language sql immutable as $$ select 'CAT' $$",
                "create function one.in_which(int) returns boolean language sql immutable as $$ select true $$",
                "create function one.like_all(text, text) returns boolean language sql immutable as $$ select true $$",
                "create operator one.~~ (function = one.like_all, leftarg = text, rightarg = text)");
        try {
            for (String path : List.of("one, public", "one, pg_catalog, public", "one, public, pg_catalog")) {
                postgres.execute("alter role viewer set search_path = " + path);
                assertThat(selected(VIEWER, "true")).containsExactly(1);
                assertThat(shown(VIEWER)).as(path).containsExactly(1);
                assertThat(read("tx=like.%s")).as(path).containsExactly(1);
            }
        } finally {
            postgres.execute("drop operator one.~~ (text, text); drop function one.upper, one.in_which, one.like_all");
        }
    }

    @Test
    void publicationConditionResolvesAsInPostgres() throws Exception {
        policy("in_which(n)");
        postgres.execute(
                "create function one.never(int, int) returns boolean language sql immutable as $$ select false $$",
                "create operator one.< (function = one.never, leftarg = int, rightarg = int)",
                "alter role viewer set search_path = one, pg_catalog, public",
                "alter publication p set table events where (id < 4)");
        try {
            assertThat(read(""))
                    .isEqualTo(selected(VIEWER, "id operator(pg_catalog.<) 4"))
                    .isNotEmpty();
        } finally {
            postgres.execute(
                    "alter publication p set table events; drop operator one.< (int, int); drop function one.never");
        }
    }

    @Test
    void rowSecurityOffShowsNothing() throws Exception {
        policy("true");
        postgres.execute("alter role viewer set row_security = off");
        assertThat(shown(VIEWER)).isEmpty();
    }

    @Test
    void invalidSettingIsIgnored() throws Exception {
        postgres.execute(
                "create text search configuration gone (copy = english)",
                "alter role viewer set default_text_search_config = 'public.gone'",
                "alter role viewer set timezone = 'America/Los_Angeles'",
                "drop text search configuration gone");
        policy("at::date >= '2026-01-02'");
        assertThat(shown(VIEWER)).containsExactly(3, 4);
    }

    @Test
    void laterSettingsOverrideEarlier() throws Exception {
        postgres.execute(
                "alter role all set timezone = 'Asia/Kolkata'",
                "alter database postgres set timezone = 'Asia/Tokyo'",
                "alter role viewer set timezone = 'UTC'");
        assertThat(access(VIEWER).settings().get("timezone")).isNull();
        postgres.execute("alter role viewer in database postgres set timezone = 'America/Los_Angeles'");
        assertThat(access(VIEWER).settings().get("timezone")).isEqualTo("America/Los_Angeles");
        assertThat(access(new Viewer("other", CLAIMS)).settings().get("timezone"))
                .isEqualTo("Asia/Tokyo");
    }

    @Test
    void settingsAreReadAgain() throws Exception {
        PostgresRightsReader reader = reader();
        AccessQuestion question = new AccessQuestion("viewer", EVENTS);
        postgres.execute("alter database postgres set timezone = 'UTC'");
        SessionSettings before = Objects.requireNonNull(
                        reader.read(Set.of(question)).rights().get(question))
                .access()
                .settings();
        postgres.execute(
                "alter database postgres set timezone = 'America/Los_Angeles'; alter role viewer set app.tenant = 'x'");
        SessionSettings after = Objects.requireNonNull(
                        reader.read(Set.of(question)).rights().get(question))
                .access()
                .settings();
        assertThat(before.get("timezone")).isNull();
        assertThat(after.values())
                .containsEntry("timezone", "America/Los_Angeles")
                .containsEntry("app.tenant", "x");
        assertThat(after.toString()).doesNotContain("Angeles");
    }

    @Test
    void settingsSelectSameRowsAsSelect() throws Exception {
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < CASES && differences.isEmpty(); i++) {
            resetAll();
            String settings = randomSettings();
            postgres.execute(settings);
            String term = TERMS[random.nextInt(TERMS.length)];
            String policy = random.nextInt(3) > 0 ? term : term + " or " + TERMS[random.nextInt(TERMS.length)];
            policy(policy);
            Set<Integer> expected = selected(VIEWER, "true");
            Set<Integer> shown = shown(VIEWER);
            visible += shown.size();
            hidden += 6 - shown.size();
            if (!shown.equals(expected) && !failed(VIEWER, "true")) {
                differences.add(policy + " shows " + shown + ", SELECT " + expected + "\n  " + settings);
            }
            compareFilters(settings, differences);
        }
        System.out.println("SettingsPgTest, seed " + seed + ": " + visible + " visible, " + hidden + " hidden");
        assertThat(differences).as("seed " + seed).isEmpty();
    }

    private void compareFilters(String settings, List<String> differences) throws Exception {
        policy("true");
        for (int i = 0; i < 3; i++) {
            String[] filter = FILTERS[random.nextInt(FILTERS.length)];
            Set<Integer> expected = selected(VIEWER, filter[1]);
            Optional<Set<Integer>> passed = passed(filter[0]);
            boolean refused = failed(VIEWER, filter[1]);
            if (passed.isEmpty() != refused
                    || (!refused && !passed.orElseThrow().equals(expected))) {
                differences.add(filter[0] + " passes " + passed + ", SELECT " + expected + "\n  " + settings);
            }
            if (passed.isPresent() && !read(filter[0]).equals(expected)) {
                differences.add(filter[0] + " reads " + read(filter[0]) + ", SELECT " + expected + "\n  " + settings);
            }
        }
    }

    private String randomSettings() {
        List<String> statements = new ArrayList<>();
        List<String> names = List.copyOf(new TreeSet<>(SETTINGS.keySet()));
        for (int i = random.nextInt(5); i >= 0; i--) {
            String name = names.get(random.nextInt(names.size()));
            List<String> values = SETTINGS.get(name);
            String value = values.get(random.nextInt(values.size()));
            String target = List.of("database postgres", "role viewer", "role viewer in database postgres", "role all")
                    .get(random.nextInt(4));
            statements.add("alter " + target + " set " + name + " = "
                    + (name.equals("search_path") || name.equals("datestyle") ? value : "'" + value + "'"));
        }
        return String.join("; ", statements);
    }

    private static void policy(String expression) {
        postgres.execute(
                "set default_transaction_read_only = off",
                "set search_path = public, auth",
                "drop policy if exists own on public.events; create policy own on public.events using (" + expression
                        + ")");
    }

    private static PostgresRightsReader reader() {
        Properties login = new Properties();
        login.setProperty("user", "postgres");
        return new PostgresRightsReader(
                sources.isolated(),
                "p",
                null,
                new ServerTimeZone("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres", login),
                sources::renew,
                System::nanoTime);
    }

    private static TableAccess access(Viewer viewer) throws Exception {
        AccessQuestion question = new AccessQuestion(viewer.role(), EVENTS);
        return Objects.requireNonNull(reader().read(Set.of(question)).rights().get(question))
                .access();
    }

    /// Returns the rows of the table that the guard shows, as the log would carry them.
    private static Set<Integer> shown(Viewer viewer) throws Exception {
        return shown(viewer, () -> {});
    }

    /// @param meanwhile runs after the rights were read
    private static Set<Integer> shown(Viewer viewer, Runnable meanwhile) throws Exception {
        Rights rights = new Rights(reader(), RightsLimits.USUAL, System::nanoTime);
        TableAccess access = Objects.requireNonNull(rights.ask(new AccessQuestion(viewer.role(), EVENTS)))
                .access();
        RowGuard guard = new RowGuard(rights, new RowPolicies(sources.isolated()), RowGuard.DeleteVisibility.STRICT);
        RightsMark mark = rights.latest(EVENTS);
        guard.prepare(viewer, EVENTS, mark, 1_000_000_000);
        List<Row> rows = rows(access);
        Set<Asked> questions = new LinkedHashSet<>();
        rows.forEach(row -> guard.undecided(viewer, insert(row), mark, questions::add));
        meanwhile.run();
        RowAnswers answers =
                new PostgresRowEvaluator(sources.asClients(), sources.isolated(), System::nanoTime).ask(questions);
        Set<Integer> shown = new TreeSet<>();
        for (Row row : rows) {
            if (guard.judge(viewer, insert(row), mark, answers) instanceof Verdict.Visible) {
                shown.add(Integer.valueOf(Objects.requireNonNull(row.text(0))));
            }
        }
        return shown;
    }

    private static Change insert(Row row) {
        return new Change.Insert(row.table(), new Position(new Lsn(1), 0), new Commit(new Lsn(1), 1, 0), row);
    }

    /// Returns the rows that pass the filter; empty when the filter is refused.
    private static Optional<Set<Integer>> passed(String filter) throws Exception {
        TableAccess access = access(VIEWER);
        Predicate predicate;
        try {
            predicate = resolve(access, filter);
        } catch (FilterRefusedException e) {
            return Optional.empty();
        }
        List<Row> rows = rows(access);
        Set<Asked> questions = new LinkedHashSet<>();
        rows.forEach(row -> predicate.undecided(row, RowAnswers.NONE, q -> questions.add(new Asked(q, row))));
        RowAnswers answers =
                new PostgresRowEvaluator(sources.asClients(), sources.isolated(), System::nanoTime).ask(questions);
        Set<Integer> passed = new TreeSet<>();
        for (Row row : rows) {
            if (predicate.test(row, answers) == Truth.TRUE) {
                passed.add(Integer.valueOf(Objects.requireNonNull(row.text(0))));
            }
        }
        return Optional.of(passed);
    }

    private static Predicate resolve(TableAccess access, String filter) throws Exception {
        return new FilterResolver(new PostgresFilterDatabase(sources.asClients()))
                .resolve(
                        FilterParser.parse(filter),
                        name -> Objects.requireNonNull(access.readable(name)).type(),
                        new RoleSession("viewer", access.settings()));
    }

    /// Returns the rows of a client's snapshot, which must be printed as in the log.
    private static Set<Integer> read(String filter) throws Exception {
        TableAccess access = access(VIEWER);
        Map<String, Row> expected =
                rows(access).stream().collect(Collectors.toMap(row -> String.valueOf(row.text(0)), row -> row));
        RowQuery query = new RowQuery(VIEWER, access, Set.of(), resolve(access, filter), List.of(), 100);
        Set<Integer> found = new TreeSet<>();
        try (RowReader.Reading reading = new PostgresRowReader(sources.isolated(), "p").open(query)) {
            for (Row row = reading.next(); row != null; row = reading.next()) {
                String id = Objects.requireNonNull(row.text(0));
                for (int i = 0; i < row.table().columns().size(); i++) {
                    assertThat(row.text(i))
                            .isEqualTo(Objects.requireNonNull(expected.get(id)).text(i));
                }
                found.add(Integer.valueOf(id));
            }
        }
        return found;
    }

    private static List<Row> rows(TableAccess access) throws SQLException {
        Table table = new Table(
                EVENTS,
                access.columns().stream()
                        .map(c -> new Column(
                                c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), true))
                        .toList());
        String texts = access.columns().stream()
                .map(c -> "case when " + c.name() + " is not null then concat(" + c.name() + ") end")
                .collect(Collectors.joining(", "));
        List<Row> found = new ArrayList<>();
        try (Connection connection = sources.isolated().getConnection();
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery("select " + texts + " from public.events order by id")) {
            while (result.next()) {
                Row.Builder row = Row.of(table);
                for (int i = 0; i < table.columns().size(); i++) {
                    row.text(i, result.getString(i + 1));
                }
                found.add(row.build());
            }
        }
        return found;
    }

    private static Set<Integer> selected(Viewer viewer, String where) throws Exception {
        Set<Integer> found = new TreeSet<>();
        if (!failed(viewer, where)) {
            select(viewer, where).forEach(id -> found.add(Integer.valueOf(id)));
        }
        return found;
    }

    private static boolean failed(Viewer viewer, String where) throws Exception {
        List<String> found = select(viewer, where);
        return !found.isEmpty() && found.getFirst().startsWith("error");
    }

    private static List<String> select(Viewer viewer, String where) throws Exception {
        try (FreshSession session = new FreshSession(postgres.port(), "postgres", viewer.role())) {
            String query = "select id from public.events where " + where;
            return session.query(dateStyle(viewer), viewer.claims(), query);
        }
    }

    /// Returns the style of the session without the driver, which a superuser reads.
    private static String dateStyle(Viewer viewer) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select c from pg_db_role_setting s left join pg_roles r on r.oid = s.setrole, unnest(setconfig) c"
                                + " where c ilike 'datestyle=%' and (setrole = 0 or rolname = '" + viewer.role() + "')"
                                + " order by setrole <> 0 desc, setdatabase <> 0 desc limit 1")) {
            return rows.next()
                    ? rows.getString(1).substring("datestyle=".length()).toUpperCase(Locale.ROOT)
                    : "ISO, DMY";
        }
    }
}
