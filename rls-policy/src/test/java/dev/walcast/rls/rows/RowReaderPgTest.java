package dev.walcast.rls.rows;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresCatalog;
import dev.walcast.rls.question.PostgresFilterDatabase;
import dev.walcast.rls.question.PostgresRowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Checks that a filter selects the same rows as SQL over the table and when changes are judged.
class RowReaderPgTest {
    private static final Viewer ANON = new Viewer("anon", "{}");

    private static TestPostgres postgres;
    private static PGSimpleDataSource dataSource;
    private static TableAccess access;
    private static RowReader reader;

    @BeforeAll
    static void startPostgres() throws SQLException {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; grant usage on schema public to anon",
                "create domain positive as int check (value > 0); create type mood as enum ('sad', 'ok', 'happy')",
                "create type pair as (a int, b text)",
                "create table t (id int primary key, n numeric(8, 2), f float8, b bool, v varchar(20), c char(6), t text,"
                        + " tc text collate \"C\", d date, ts timestamp, tz timestamptz, iv interval, u uuid, j jsonb,"
                        + " js json, ip inet, by bytea, a int[], r int4range, dp positive, m mood, p pair, bi bit(3))",
                "grant select on t to anon",
                """
                insert into t select n, case when n % 7 > 0 then (n - 20) * 1.25 end,
                  case n % 6 when 0 then null when 1 then 'NaN' when 2 then '-0' when 3 then 'Infinity' else n / 3.0 end,
                  case n % 3 when 0 then null else n % 3 = 1 end,
                  case n % 5 when 0 then null when 1 then 'Abc ' when 2 then 'a_c%' else 'x' || n end,
                  case n % 4 when 0 then null when 1 then 'ab' else 'c' || n end,
                  case n % 6 when 0 then null when 1 then 'Straße' when 2 then 'STRASSE' when 3 then 'é' when 4 then '' else 'a\\b' end,
                  case n % 3 when 0 then null when 1 then 'B' else 'a' end,
                  case when n % 4 > 0 then date '2024-02-27' + n end,
                  case when n % 4 > 0 then timestamp '2024-01-01' + n * interval '7 h' end,
                  case n % 4 when 0 then null when 1 then 'infinity' else timestamptz '2024-01-01Z' + n * interval '7 h' end,
                  case when n % 4 > 0 then n * interval '1 day' end,
                  case when n % 4 > 0 then ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid end,
                  case n % 5 when 0 then null when 1 then '{}' else jsonb_build_object('a', n, 'b', array['x', n::text]) end,
                  case n % 5 when 0 then null when 1 then '{}' else json_build_object('a', n, 'k?', 'v') end,
                  case when n % 4 > 0 then ('10.0.0.' || n)::inet end,
                  case when n % 4 > 0 then decode(lpad(to_hex(n), 2, '0'), 'hex') end,
                  case n % 4 when 0 then null when 1 then '{}' when 2 then array[n, null] else array[1, n] end,
                  case n % 4 when 0 then null when 1 then 'empty' else int4range(n, n + 5) end,
                  case when n % 4 > 0 then n end, case n % 4 when 0 then null when 1 then 'sad' when 2 then 'ok' else 'happy' end::mood,
                  case n % 4 when 0 then null when 1 then row(null, null)::pair else row(n, 'b')::pair end,
                  case when n % 4 > 0 then (n % 8)::bit(3) end
                  from generate_series(1, 40) n""",
                "create publication p for table t");
        dataSource = new PGSimpleDataSource();
        dataSource.setUrl("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres&password=x"
                + "&prepareThreshold=0&binaryTransfer=false&options=-c%20timezone%3DUTC%20-c%20extra_float_digits%3D1");
        AccessQuestion question = new AccessQuestion("anon", new TableId("public", "t"));
        access = Objects.requireNonNull(
                new PostgresCatalog(dataSource, "p").access(Set.of(question)).get(question));
        reader = new PostgresRowReader(dataSource, "p");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    private static final List<String> FILTERS = List.of(
            "",
            "id=eq.7",
            "id=neq.7",
            "id=in.(1,2,30)",
            "id=not.in.(1,2,30)",
            "id=in.()",
            "n=gt.0",
            "n=lte.-2.5",
            "n=in.(1.25,2.50,NULL)",
            "n=not.in.(1.25,NULL)",
            "n=isdistinct.1.25",
            "n=not.isdistinct.1.25",
            "f=eq.NaN",
            "f=eq.0",
            "f=gte.5",
            "f=lt.Infinity",
            "b=is.true",
            "b=not.is.true",
            "b=is.unknown",
            "b=eq.t",
            "v=eq.Abc ",
            "v=eq.Abc",
            "v=like.a\\_c%",
            "v=like.%c%",
            "v=ilike.abc%",
            "v=not.ilike.X%",
            "v=match.^x[12]",
            "v=imatch.^A",
            "v=is.null",
            "v=not.is.null",
            "c=eq.ab",
            "c=eq.ab    ",
            "c=like.ab%",
            "c=in.(ab,c2)",
            "t=eq.Straße",
            "t=gt.b",
            "t=ilike.stra%",
            "t=ilike.É",
            "t=in.(\"\",é)",
            "t=eq.\"a\\\\b\"",
            "t=fts.strasse",
            "t=wfts(english).straße",
            "tc=lt.a",
            "d=gte.2024-03-10",
            "d=eq.\"March 2, 2024\"",
            "ts=lt.2024-01-05 12:00",
            "tz=eq.infinity",
            "tz=gt.2024-01-03T02:00:00+02",
            "iv=gt.10 days",
            "iv=eq.48:00:00",
            "u=eq.00000000-0000-4000-8000-000000000007",
            "u=lt.00000000-0000-4000-8000-000000000009",
            "j=eq.{}",
            "j=cs.{\"b\":[\"x\"]}",
            "j->>a=eq.7",
            "j->a=gt.10",
            "j->b->>1=in.(2,3)",
            "js->>k?=eq.v",
            "js->>a=like.1%",
            "ip=lt.10.0.0.9",
            "by=gt.\\x0f",
            "a=eq.\"{1,3}\"",
            "a=cs.{1}",
            "a=ov.\"{2,3}\"",
            "a=cd.\"{1,2,3,7}\"",
            "r=cs.\"[7,9)\"",
            "r=sl.\"[20,30)\"",
            "r=adj.\"[1,3)\"",
            "dp=eq.9",
            "dp=in.(9,10)",
            "dp=lt.5",
            "m=gte.ok",
            "m=in.(sad,happy)",
            "p=is.null",
            "p=not.is.null",
            "p=eq.\"(3,b)\"",
            "bi=eq.101",
            "or=(id.lt.3,n.is.null)",
            "or=(v.eq.x3,and(b.is.true,id.gt.20)),id=lt.30",
            "not.or=(v.is.null,n.gt.0)",
            "not.and=(b.is.true,f.gt.0)",
            "id=gt.10,id=lt.20,b=not.is.null");

    @Test
    void sqlAndChangesSelectSameRows() throws Exception {
        FilterResolver resolver = new FilterResolver(new PostgresFilterDatabase(dataSource));
        PostgresRowEvaluator oracle = new PostgresRowEvaluator(dataSource, dataSource, System::nanoTime);
        List<Row> all = read(Predicate.Constant.ALWAYS, List.of(), 1_000);
        assertThat(all).hasSize(40);
        Set<String> distinct = new HashSet<>();
        SoftAssertions each = new SoftAssertions();
        for (String filter : FILTERS) {
            each.assertThatCode(() -> {
                        Predicate predicate = resolver.resolve(
                                FilterParser.parse(filter),
                                name -> {
                                    ColumnAccess column = access.readable(name);
                                    return column == null ? null : column.type();
                                },
                                RoleSession.NO_ROLE);
                        Set<Integer> selected = ids(read(predicate, List.of(), 1_000));
                        assertThat(selected).isEqualTo(ids(judged(all, predicate, oracle)));
                        distinct.add(selected.toString());
                    })
                    .as(filter)
                    .doesNotThrowAnyException();
        }
        each.assertAll();
        // The filters select different rows.
        assertThat(distinct).hasSizeGreaterThan(FILTERS.size() * 2 / 3);
    }

    private static List<Row> judged(List<Row> rows, Predicate predicate, PostgresRowEvaluator oracle) throws Exception {
        List<Row> passing = new ArrayList<>();
        for (Row row : rows) {
            Set<Asked> asked = new LinkedHashSet<>();
            predicate.undecided(row, RowAnswers.NONE, question -> asked.add(new Asked(question, row)));
            if (predicate.test(row, oracle.ask(asked)) == Truth.TRUE) {
                passing.add(row);
            }
        }
        return passing;
    }

    private static Set<Integer> ids(List<Row> rows) {
        return rows.stream()
                .map(row -> Integer.valueOf(Objects.requireNonNull(row.text(0))))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<Row> read(Predicate filter, List<RowQuery.Ordering> order, long limit) throws Exception {
        return read(reader, filter, order, limit);
    }

    private static List<Row> read(RowReader reader, Predicate filter, List<RowQuery.Ordering> order, long limit)
            throws Exception {
        List<Row> rows = new ArrayList<>();
        try (RowReader.Reading reading = reader.open(new RowQuery(ANON, access, Set.of(), filter, order, limit))) {
            for (Row row = reading.next(); row != null; row = reading.next()) {
                rows.add(row);
            }
        }
        return rows;
    }

    @Test
    void filterUsesIndexOfColumn() throws Exception {
        Predicate predicate = new FilterResolver(new PostgresFilterDatabase(dataSource))
                .resolve(
                        FilterParser.parse("id=eq.7"),
                        name -> Objects.requireNonNull(access.readable(name)).type(),
                        RoleSession.NO_ROLE);
        PredicateSql sql = new PredicateSql();
        String where = sql.of(predicate).replace("?", "'" + sql.parameters().getFirst() + "'");
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set enable_seqscan = off");
            try (ResultSet plan = statement.executeQuery("explain select from t where " + where)) {
                plan.next();
                assertThat(plan.getString(1)).contains("Index");
                plan.next();
                assertThat(plan.getString(1)).contains("Index Cond");
            }
        }
    }

    @Test
    void snapshotContainsTransactionsOfRows() throws Exception {
        try (Connection running = postgres.connect();
                Statement statement = running.createStatement()) {
            running.setAutoCommit(false);
            long before = xid();
            statement.execute("insert into t (id) values (1000)");
            long open = xid(statement);
            long behind = xid();
            RowReader.Reading reading =
                    reader.open(new RowQuery(ANON, access, Set.of(), Predicate.Constant.ALWAYS, List.of(), 1_000));
            running.commit();
            long after = xid();
            int rows = 0;
            while (reading.next() != null) {
                rows++;
            }
            reading.close();
            assertThat(rows).isEqualTo(40);
            assertThat(reading.snapshot().contains(before)).isTrue();
            assertThat(reading.snapshot().contains(open)).isFalse();
            assertThat(reading.snapshot().contains(behind)).isTrue();
            assertThat(reading.snapshot().contains(after)).isFalse();
            assertThat(reading.snapshot().containsAllUpTo(before)).isTrue();
            assertThat(reading.snapshot().containsAllUpTo(behind)).isFalse();
        } finally {
            postgres.execute("delete from t where id = 1000");
        }
    }

    private static long xid() throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            return xid(statement);
        }
    }

    private static long xid(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("select pg_current_xact_id()::text")) {
            row.next();
            return row.getLong(1) & 0xFFFF_FFFFL;
        }
    }

    @Test
    void fullIdHandlesWrapAround() {
        long epoch = 3L << 32;
        PgSnapshot snapshot = PgSnapshot.parse(
                (epoch - 2) + ":" + (epoch + 5) + ":" + (epoch - 1) + "," + (epoch + 3), dev.walcast.cdc.Lsn.ZERO);
        assertThat(snapshot.contains(0xFFFF_FFFDL)).isTrue();
        assertThat(snapshot.contains(0xFFFF_FFFEL)).isTrue();
        assertThat(snapshot.contains(0xFFFF_FFFFL)).isFalse();
        assertThat(snapshot.contains(1)).isTrue();
        assertThat(snapshot.contains(3)).isFalse();
        assertThat(snapshot.contains(5)).isFalse();
        assertThat(snapshot.containsAllUpTo(0xFFFF_FFFEL)).isTrue();
        assertThat(snapshot.containsAllUpTo(4)).isFalse();
    }

    @Test
    void forbiddenRoleIsRefusedAndReadingLeavesNoState() throws Exception {
        assertThatThrownBy(() -> reader.open(new RowQuery(
                        new Viewer("none", "{}"), access, Set.of(), Predicate.Constant.ALWAYS, List.of(), 1)))
                .isInstanceOf(RowsRefusedException.class)
                .hasMessageContaining("may not act as role");
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select count(*) from pg_stat_activity where state like 'idle in%'")) {
            row.next();
            assertThat(row.getInt(1)).isZero();
        }
    }
}
