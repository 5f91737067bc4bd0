package dev.walcast.bench;

import static java.util.Objects.requireNonNull;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
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
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.index.Target;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.session.IsolatedConnections;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/// Measures the cost of judging a change for N viewers, beside one prepared check for each viewer, which is how it is
/// usually
/// done. Arguments: JDBC URL of a superuser on a database of its own.
final class Policies {
    static final TableId DOCS = new TableId("public", "docs");
    static final int[] VIEWERS =
            Boolean.getBoolean("quick") ? new int[] {1, 100} : new int[] {1, 10, 100, 1_000, 10_000};

    record Case(String name, String policy) {}

    static final Case[] CASES = {
        new Case("true", "true"),
        new Case("auth.uid() = user_id", "auth.uid() = user_id"),
        new Case("(select auth.uid()) = user_id", "(select auth.uid()) = user_id"),
        new Case(
                "EXISTS membership",
                "exists (select 1 from members m where m.room_id = docs.room_id and m.user_id = auth.uid())"),
        new Case("helper function", "is_member(room_id)"),
    };

    public static void main(String[] arguments) throws Exception {
        HikariDataSource clients = pool(arguments[0], "set timezone = 'UTC'");
        HikariDataSource isolated = pool(arguments[0], IsolatedConnections.initSql(Duration.ofSeconds(60)));
        try (Connection connection = clients.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("""
                    create table docs (id bigint primary key, user_id uuid, room_id int, title text, n int);
                    create table members (room_id int, user_id uuid, primary key (room_id, user_id));
                    alter table docs enable row level security;
                    grant select on docs, members to authenticated;
                    create function is_member(room int) returns boolean language sql stable security definer set search_path = ''
                      as $$ select exists (select 1 from public.members m where m.room_id = room and m.user_id = auth.uid()) $$;
                    insert into members select v / 10, ('00000000-0000-4000-8000-' || lpad(v::text, 12, '0'))::uuid
                      from generate_series(0, 99999) v;
                    analyze members""");
            for (Case one : CASES) {
                statement.execute(
                        "drop policy if exists p on docs; create policy p on docs using (" + one.policy + ")");
                for (int viewers : VIEWERS) {
                    measure(one, viewers, clients, isolated);
                }
            }
        }
        clients.close();
        isolated.close();
    }

    static HikariDataSource pool(String url, String initSql) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(url);
        config.addDataSourceProperty("prepareThreshold", "0");
        config.setMaximumPoolSize(2);
        config.setConnectionInitSql(initSql);
        return new HikariDataSource(config);
    }

    static String user(int n) {
        return "00000000-0000-4000-8000-" + String.format("%012d", n);
    }

    static Viewer viewer(int n) {
        return new Viewer(
                "authenticated",
                "{\"role\": \"authenticated\", \"sub\": \"" + user(n) + "\", \"email\": \"user" + n
                        + "@example.com\", \"aud\": \"authenticated\", \"app_metadata\": {\"provider\": \"email\"}}");
    }

    static void measure(Case one, int count, HikariDataSource clients, HikariDataSource isolated) throws Exception {
        RightsLimits hours = new RightsLimits(Duration.ofHours(1), Duration.ofHours(2));
        Rights rights =
                new Rights(new PostgresRightsReader(isolated, "none", System::nanoTime), hours, System::nanoTime);
        RowPolicies policies = new RowPolicies(isolated);
        RowGuard guard = new RowGuard(rights, policies, RowGuard.DeleteVisibility.STRICT);
        RowEvaluator oracle = new PostgresRowEvaluator(clients, isolated, System::nanoTime);
        TableRights fresh =
                requireNonNull(rights.ask(new Catalog.AccessQuestion("authenticated", DOCS)), "no such table");
        TableAccess access = fresh.access();
        RightsMark mark = rights.latest(DOCS);
        SubscriptionIndex<Viewer> index = new SubscriptionIndex<>();
        for (int i = 0; i < count; i++) {
            Viewer viewer = viewer(i);
            index.add(new SubscriptionIndex.Entry<>(
                    new Target.OneTable(DOCS),
                    EnumSet.allOf(ChangeEvent.class),
                    guard.narrowing(viewer, fresh),
                    viewer));
        }
        Table table = new Table(
                DOCS,
                access.columns().stream()
                        .map(c -> new Column(
                                c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), c.key()))
                        .toList());
        boolean asks = one.policy.contains("member");
        // A batch of changes is judged together, as the lane does.
        int batch = asks ? Math.max(1, Math.min(20, 20_000 / count)) : 200;
        double ours = Double.MAX_VALUE;
        long[] visible = {0};
        for (int round = 0; round < 6; round++) {
            visible[0] = 0;
            long began = System.nanoTime();
            judge(index, guard, mark, oracle, table, batch, count, visible);
            ours = Math.min(ours, (System.nanoTime() - began) / 1e6 / batch);
        }
        double each = checkEach(one, count, clients);
        String measure = String.format(Locale.ROOT, "%s, %,d viewers, a change", one.name, count);
        Measured.say(measure, "ms", "Walcast", ours);
        Measured.say(measure, "ms", "one check for each", each);
    }

    static void judge(
            SubscriptionIndex<Viewer> index,
            RowGuard guard,
            RightsMark mark,
            RowEvaluator oracle,
            Table table,
            int batch,
            int count,
            long[] visible)
            throws UnansweredException {
        record Open(Viewer viewer, Change change) {}
        List<Open> open = new ArrayList<>();
        Set<RowEvaluator.Asked> asked = new LinkedHashSet<>();
        for (int i = 0; i < batch; i++) {
            int owner = (int) (i * 7919L % count);
            Row row = Row.of(table)
                    .text(0, "" + i)
                    .text(1, user(owner))
                    .text(2, "" + owner / 10)
                    .text(3, "title")
                    .text(4, "1")
                    .build();
            Change change = new Change.Insert(table, new Position(new Lsn(1), i), new Commit(new Lsn(1), 1, 0), row);
            List<Viewer> matching = new ArrayList<>();
            index.forEachMatch(change, (entry, _) -> matching.add(entry.subscriber()));
            for (Viewer viewer : matching) {
                Verdict verdict = guard.judge(viewer, change, mark, RowAnswers.NONE);
                if (verdict instanceof Verdict.Undecided) {
                    open.add(new Open(viewer, change));
                    guard.undecided(viewer, change, mark, asked::add);
                } else if (verdict instanceof Verdict.Visible) {
                    visible[0]++;
                }
            }
        }
        if (!asked.isEmpty()) {
            RowEvaluator.Outcome outcome = oracle.ask(asked);
            for (Open one : open) {
                visible[0] += guard.judge(one.viewer, one.change, mark, outcome) instanceof Verdict.Visible ? 1 : 0;
            }
        }
    }

    /// For each viewer: its claims, then whether it sees the row in the table. In one transaction, prepared, no
    /// round trip saved.
    static double checkEach(Case one, int count, HikariDataSource clients) throws Exception {
        try (Connection connection = clients.getConnection()) {
            try (Statement statement = connection.createStatement()) {
                statement.execute("truncate docs; insert into docs values (1, '" + user(0) + "', 0, 'title', 1)");
            }
            connection.setAutoCommit(false);
            int viewers = Math.min(count, 1_000);
            double best = Double.MAX_VALUE;
            try (Statement role = connection.createStatement();
                    PreparedStatement claims =
                            connection.prepareStatement("select set_config('request.jwt.claims', ?, true)");
                    PreparedStatement check =
                            connection.prepareStatement("select exists (select 1 from docs where id = 1)")) {
                claims.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
                check.unwrap(org.postgresql.PGStatement.class).setPrepareThreshold(1);
                role.execute("set local role authenticated");
                for (int round = 0; round < 2; round++) {
                    long began = System.nanoTime();
                    for (int i = 0; i < viewers; i++) {
                        claims.setString(1, viewer(i).claims());
                        claims.execute();
                        try (ResultSet row = check.executeQuery()) {
                            row.next();
                        }
                    }
                    best = Math.min(best, (System.nanoTime() - began) / 1e6 * count / viewers);
                }
            }
            connection.rollback();
            connection.setAutoCommit(true);
            return best;
        }
    }
}
