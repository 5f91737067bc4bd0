package dev.walcast.rls.question;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.session.IsolatedConnections;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;

/// Measures the cost of questions about a policy for 1,000 viewers and one row, and for 100 viewers and ten rows. Run
/// it by hand: it asserts nothing.
final class IsolationCost {
    private static final TableId DOCS = new TableId("public", "docs");
    private static final int ROUNDS = 15;

    private IsolationCost() {}

    /// Runs the measurement.
    public static void main(String[] arguments) throws Exception {
        try (TestPostgres postgres = TestPostgres.start();
                HikariDataSource isolated = pool(postgres)) {
            postgres.execute(
                    "create role authenticated nologin; create schema auth; grant usage on schema auth, public to public",
                    "create function auth.uid() returns uuid language sql stable as"
                            + " $$ select (current_setting('request.jwt.claims', true)::jsonb ->> 'sub')::uuid $$",
                    "create table docs (id int primary key, org int); grant select on docs to authenticated;"
                            + " alter table docs enable row level security",
                    "create table members (org int, person uuid, primary key (org, person));"
                            + " insert into members select n % 10, ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"
                            + " from generate_series(0, 9999) n; analyze members",
                    "create function member_sql(o int) returns boolean language sql stable security definer set search_path = ''"
                            + " as $$ select exists (select from public.members m where m.org = o and m.person = auth.uid()) $$",
                    "create function member_pl(o int) returns boolean language plpgsql stable security definer set search_path = ''"
                            + " as $$ begin return exists (select from public.members m where m.org = o and m.person = auth.uid()); end $$",
                    "grant select on members to authenticated");
            for (String policy : List.of(
                    "member_sql(org)",
                    "member_pl(org)",
                    "exists (select from members m where m.org = docs.org and m.person = auth.uid())")) {
                measure(postgres, isolated, policy, 1_000, 1);
                measure(postgres, isolated, policy, 100, 10);
                measure(postgres, isolated, policy, 1, 1);
            }
            postgres.execute("create function liar() returns int language sql immutable as 'select 1'");
            Thread.sleep(1_100);
            measure(postgres, isolated, "member_pl(org)", 1_000, 1);
        }
    }

    private static void measure(TestPostgres postgres, HikariDataSource isolated, String policy, int viewers, int rows)
            throws Exception {
        postgres.execute("drop policy if exists p on docs; create policy p on docs using (" + policy + ")");
        RowPolicies policies = new RowPolicies(isolated);
        AccessQuestion question = new AccessQuestion("authenticated", DOCS);
        TableRights fresh = Objects.requireNonNull(new PostgresRightsReader(isolated, "none", System::nanoTime)
                .read(Set.of(question))
                .rights()
                .get(question));
        TableAccess access = fresh.access();
        Table table = new Table(
                DOCS,
                access.columns().stream()
                        .map(c -> new Column(
                                c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), true))
                        .toList());
        List<Row> all = new ArrayList<>();
        for (int r = 0; r < rows; r++) {
            all.add(Row.of(table)
                    .text(0, Integer.toString(r))
                    .text(1, Integer.toString(r))
                    .build());
        }
        Set<Asked> questions = new LinkedHashSet<>();
        for (int v = 0; v < viewers; v++) {
            String sub = "00000000-0000-4000-8000-" + String.format(Locale.ROOT, "%012d", v);
            var predicate =
                    policies.predicate(new Viewer("authenticated", "{\"sub\": \"" + sub + "\"}"), question, fresh);
            all.forEach(row -> predicate.undecided(row, RowAnswers.NONE, q -> questions.add(new Asked(q, row))));
        }
        RowEvaluator oracle = new PostgresRowEvaluator(isolated, isolated, System::nanoTime);
        double best = Double.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            long begun = System.nanoTime();
            oracle.ask(questions);
            best = Math.min(best, (System.nanoTime() - begun) / 1e6);
        }
        System.out.printf(Locale.ROOT, "%s, %,d viewers x %d rows: %.2f ms%n", policy, viewers, rows, best);
    }

    private static HikariDataSource pool(TestPostgres postgres) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres&prepareThreshold=0");
        config.setMaximumPoolSize(2);
        config.setConnectionInitSql(IsolatedConnections.initSql(Duration.ofSeconds(5)));
        return new HikariDataSource(config);
    }
}
