package dev.walcast.rls.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterNode;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.Operator;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.question.PostgresFilterDatabase;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.rights.TableRights;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/// Plays every scenario of `rls.jsonl` with a real Postgres and the real reader. Each subscriber must see what a
/// SELECT of that viewer shows of a table that holds exactly the row. It must also see what the vectors recorded,
/// except for the deviations that `docs/rls.md` explains.
class RlsVectorsPgTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Policies that read their own table. A SELECT on a table of one row would answer another question.
    private static final Set<String> READ_THEMSELVES = Set.of("x_self_secdef");

    /// Scenarios in which the recorded answers are those of Supabase Realtime and not of Postgres, with the
    /// paragraph of `docs/rls.md` that explains it.
    private static final Map<String, String> DEVIATIONS = Map.ofEntries(
            Map.entry("f_noexec", "errors"),
            Map.entry("f_random_order", "errors"),
            Map.entry("x_bad_cast", "errors"),
            Map.entry("x_bad_sub", "errors"),
            Map.entry("x_recursion", "errors"),
            Map.entry("x_no_priv_member", "errors"),
            Map.entry("x_setting_strict", "errors"),
            Map.entry("k_type_int4_arr", "errors"),
            Map.entry("t_delete_before_poll", "the row in the log"),
            Map.entry("t_pk_change", "the row in the log"),
            Map.entry("t_delete_all", "deletes"),
            Map.entry("t_delete_full", "deletes"),
            Map.entry("i_filter_delete_full", "deletes"),
            Map.entry("c_none", "deletes"),
            Map.entry("k_none", "tables without a primary key"),
            Map.entry("c_nopk", "tables without a primary key"),
            Map.entry("k_type_char4", "keys"),
            Map.entry("c_schema_usage_norls", "schema usage"),
            Map.entry("z_big", "size is not the guard's"),
            Map.entry("z_big_full", "size is not the guard's"),
            Map.entry("g_generated", "generated columns"),
            Map.entry("c_revoked_filter", "revoked columns"));

    private static final int DATABASES = 4;

    private final Map<String, Integer> tally = new ConcurrentSkipListMap<>();
    private final List<String> differences = Collections.synchronizedList(new ArrayList<>());
    private final Set<String> notAsRecorded = new ConcurrentSkipListSet<>();

    @Test
    void scenariosAreDecidedAsInPostgres() throws Exception {
        List<JsonNode> scenarios = scenarios();
        try (TestPostgres postgres = TestPostgres.start();
                ExecutorService threads = Executors.newFixedThreadPool(DATABASES)) {
            postgres.execute(setup().split("create schema auth")[0]);
            List<Future<?>> parts = new ArrayList<>();
            for (int i = 0; i < DATABASES; i++) {
                int part = i;
                parts.add(threads.submit(() -> {
                    play(postgres, "rls" + part, scenarios, part);
                    return null;
                }));
            }
            for (Future<?> part : parts) {
                part.get();
            }
        }
        System.out.println("rls.jsonl: " + tally);
        assertThat(differences).isEmpty();
        assertThat(notAsRecorded).containsExactlyInAnyOrderElementsOf(DEVIATIONS.keySet());
    }

    /// Plays every nth scenario in a separate database.
    private void play(TestPostgres postgres, String database, List<JsonNode> scenarios, int part) throws Exception {
        postgres.execute("create database " + database);
        postgres.executeIn(
                database,
                "create schema auth" + setup().split("create schema auth")[1],
                "create schema marker; create table marker.marks (id text primary key)",
                "create publication p for all tables");
        RecordingListener listener = new RecordingListener();
        try (TestDataSources sources = new TestDataSources(postgres.port(), database);
                DebeziumChangeSource source = new DebeziumChangeSource(
                        SourceConfig.of(PostgresUrl.parse(postgres.url(database)), "p", database), System::nanoTime)) {
            source.start(listener);
            for (int i = part; i < scenarios.size(); i += DATABASES) {
                new Scenario(postgres, database, sources, listener, scenarios.get(i)).play();
            }
        }
    }

    private static String setup() throws Exception {
        try (InputStream file = RlsVectorsPgTest.class.getResourceAsStream("/vectors/setup.sql")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
                            .split("-- filters.jsonl")[0]
                    + "create schema extensions; grant usage on schema extensions to public;"
                    + " create extension citext schema extensions;";
        }
    }

    private static List<JsonNode> scenarios() throws Exception {
        List<JsonNode> scenarios = new ArrayList<>();
        InputStream file = Objects.requireNonNull(RlsVectorsPgTest.class.getResourceAsStream("/vectors/rls.jsonl.gz"));
        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(new GZIPInputStream(file), StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                scenarios.add(JSON.readTree(line));
            }
        }
        return scenarios;
    }

    /// One scenario on a fresh `public`.
    private final class Scenario {
        private final TestPostgres postgres;
        private final String database;
        private final RecordingListener listener;
        private final TestDataSources sources;
        private final JsonNode scenario;
        private final Rights rights;
        private final RowPolicies policies;
        private final RowGuard guard;
        private final PostgresRowEvaluator oracle;
        private final FilterResolver filters;

        Scenario(
                TestPostgres postgres,
                String database,
                TestDataSources sources,
                RecordingListener listener,
                JsonNode scenario) {
            this.postgres = postgres;
            this.database = database;
            this.sources = sources;
            this.listener = listener;
            this.scenario = scenario;
            this.rights = new Rights(
                    new PostgresRightsReader(sources.isolated(), "p", System::nanoTime), RightsLimits.USUAL, () -> 0L);
            this.policies = new RowPolicies(sources.isolated());
            this.guard = new RowGuard(rights, policies, RowGuard.DeleteVisibility.STRICT);
            this.oracle = new PostgresRowEvaluator(sources.asClients(), sources.isolated(), System::nanoTime);
            this.filters = new FilterResolver(new PostgresFilterDatabase(sources.asClients()));
        }

        void play() throws Exception {
            postgres.executeIn(
                    database,
                    "drop schema public cascade",
                    "create schema public",
                    "grant usage on schema public to public, anon, authenticated, service_role",
                    "alter default privileges in schema public grant all on tables to anon, authenticated, service_role",
                    "alter default privileges in schema public grant all on functions to anon, authenticated, service_role",
                    "alter default privileges in schema public grant all on sequences to anon, authenticated, service_role");
            for (JsonNode ddl : scenario.get("ddl")) {
                postgres.executeIn(database, ddl.asText());
            }
            for (JsonNode policy : scenario.get("policies")) {
                postgres.executeIn(database, policy.asText());
            }
            for (JsonNode step : scenario.get("steps")) {
                play(step);
            }
        }

        private void play(JsonNode step) throws Exception {
            int from = listener.changes.size();
            for (JsonNode sql : step.get("sql")) {
                postgres.executeIn(database, sql.asText());
            }
            String mark = scenario.get("id").asText() + " " + System.nanoTime();
            postgres.executeIn(database, "insert into marker.marks values ('" + mark + "')");
            await().pollInterval(Duration.ofMillis(5))
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> hasMark(from, mark));
            rights.refresh(Set::of);
            Set<String> seen = new TreeSet<>();
            for (Change change : since(from)) {
                if (change.table().id().schema().equals("public") && !(change instanceof Change.Truncate)) {
                    for (JsonNode subscription : scenario.get("subscriptions")) {
                        judge(change, subscription, seen);
                    }
                }
            }
            compareWithRecorded(step, seen);
        }

        private List<Change> since(int from) {
            List<Change> all = List.copyOf(listener.changes);
            return all.subList(from, all.size());
        }

        private boolean hasMark(int from, String mark) {
            return since(from).stream()
                    .anyMatch(change -> change.table().id().schema().equals("marker")
                            && mark.equals(((Change.Insert) change).newRow().text(0)));
        }

        private void judge(Change change, JsonNode subscription, Set<String> seen) throws Exception {
            String event = subscription.path("event").asText("*");
            String type = change.getClass().getSimpleName().toUpperCase(java.util.Locale.ROOT);
            if (!subscription.get("table").asText().equals(change.table().id().name())
                    || !subscription.get("accepted").asText().equals("ok")
                    || !(event.equals("*") || event.equals(type) || event.equals("null"))) {
                return;
            }
            Viewer viewer = new Viewer(
                    subscription.get("claims").get("role").asText(),
                    subscription.get("claims").toString());
            if (!passes(change, subscription, viewer)) {
                return;
            }
            RightsMark mark = rights.latest(change.table().id());
            guard.prepare(viewer, change.table().id(), mark, 1_000_000_000);
            Verdict verdict = guard.judge(viewer, change, mark, RowAnswers.NONE);
            String how = "in memory";
            if (verdict instanceof Verdict.Undecided) {
                how = "by Postgres";
                Set<Asked> asked = new LinkedHashSet<>();
                guard.undecided(viewer, change, mark, asked::add);
                verdict = guard.judge(viewer, change, mark, oracle.ask(asked));
            }
            assertThat(verdict).isNotInstanceOf(Verdict.Undecided.class);
            boolean visible = verdict instanceof Verdict.Visible;
            tally.merge(how, 1, Integer::sum);
            if (visible) {
                seen.add(type + " " + subscription.get("id").asText());
            }
            String id = scenario.get("id").asText();
            if (READ_THEMSELVES.contains(id)) {
                return;
            }
            String selected = select(change, viewer);
            if (!selected.equals(visible ? "visible" : "hidden") && !(selected.startsWith("error") && !visible)) {
                differences.add(
                        id + ": " + type + " for " + subscription.get("id").asText() + " is " + verdict + " " + how
                                + ", but SELECT says " + selected + " of " + SubscriptionIndex.judgedRow(change));
            }
        }

        private boolean passes(Change change, JsonNode subscription, Viewer viewer) throws Exception {
            List<FilterNode> nodes = new ArrayList<>();
            for (JsonNode filter : subscription.path("filter")) {
                nodes.add(new FilterNode.Condition(
                        filter.get(0).asText(),
                        Objects.requireNonNull(operator(filter.get(1).asText())),
                        filter.get(2).asText(),
                        filter.get(3).asBoolean()));
            }
            if (nodes.isEmpty()) {
                return true;
            }
            TableAccess access = Objects.requireNonNull(rights.ask(
                            new AccessQuestion(viewer.role(), change.table().id())))
                    .access();
            try {
                Predicate predicate = filters.resolve(
                        nodes,
                        name -> {
                            TableAccess.ColumnAccess column = access.readable(name);
                            return column == null ? null : column.type();
                        },
                        RoleSession.NO_ROLE);
                return predicate.test(Objects.requireNonNull(SubscriptionIndex.judgedRow(change)), RowAnswers.NONE)
                        == Truth.TRUE;
            } catch (FilterRefusedException e) {
                // The column was revoked since: the server would have ended the subscription.
                return false;
            }
        }

        private static Operator operator(String token) {
            return java.util.Arrays.stream(Operator.values())
                    .filter(operator -> operator.token().equals(token))
                    .findFirst()
                    .orElseThrow();
        }

        /// Returns what a SELECT of the viewer shows when the table holds exactly the judged row. Nothing,
        /// when row-level security applies and the log does not carry the whole row.
        private String select(Change change, Viewer viewer) throws SQLException {
            Row row = Objects.requireNonNull(SubscriptionIndex.judgedRow(change));
            TableRights fresh =
                    rights.ask(new AccessQuestion(viewer.role(), change.table().id()));
            if (fresh == null) {
                return "hidden";
            }
            TableAccess access = fresh.access();
            boolean whole = row.missingColumns().isEmpty();
            if (!whole) {
                return !access.rowSecurity() && access.readsAnything()
                        ? "visible"
                        : ExactRow.select(sources.asClients(), change.table().id(), access, row, viewer)
                                                .equals("visible")
                                        && policiesIgnoreRows(viewer, fresh)
                                ? "visible"
                                : "hidden";
            }
            return ExactRow.select(sources.asClients(), change.table().id(), access, row, viewer);
        }

        private boolean policiesIgnoreRows(Viewer viewer, TableRights fresh) throws SQLException {
            return guard.policy(viewer, fresh).columns().isEmpty();
        }

        private void compareWithRecorded(JsonNode step, Set<String> seen) {
            Set<String> recorded = new TreeSet<>();
            for (JsonNode event : step.path("expected")) {
                if (event.get("errors").isEmpty()) {
                    event.get("visible")
                            .forEach(id -> recorded.add(event.get("type").asText() + " " + id.asText()));
                }
            }
            if (!recorded.equals(seen)) {
                notAsRecorded.add(scenario.get("id").asText());
            }
        }
    }
}
