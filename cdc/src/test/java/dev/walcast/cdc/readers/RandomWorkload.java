package dev.walcast.cdc.readers;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.RenderVectors;
import java.io.IOException;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.postgresql.PGConnection;

/// Random transactions over many kinds of tables: all types, large values, partitions, every replica identity,
/// changing columns, savepoints, COPY, logical messages, prepared transactions.
final class RandomWorkload {
    private static final int VALUES_IN_TABLE = 12;
    private static final String UNIQUE_VIOLATION = "23505";

    private final Random random;
    private final Connection connection;

    /// The literals of each type, in the vectors' order.
    private final Map<String, List<String>> literals = new LinkedHashMap<>();

    /// The types of each table of values.
    private final List<List<String>> valueTables = new ArrayList<>();

    /// The columns, apart from the key, of the table whose columns change.
    private final List<String> shape = new ArrayList<>(List.of("a"));

    private long ids;
    private long names;

    RandomWorkload(Random random, Connection connection) throws IOException {
        this.random = random;
        this.connection = connection;
        for (JsonNode vector : RenderVectors.all()) {
            literals.computeIfAbsent(vector.get("type").asText(), _ -> new ArrayList<>())
                    .add(vector.get("literal").asText());
        }
        List<String> types = List.copyOf(literals.keySet());
        for (int i = 0; i < types.size(); i += VALUES_IN_TABLE) {
            valueTables.add(types.subList(i, Math.min(types.size(), i + VALUES_IN_TABLE)));
        }
    }

    void createTables() throws SQLException {
        run(RenderVectors.SESSION);
        for (int i = 0; i < valueTables.size(); i++) {
            StringBuilder columns = new StringBuilder("id bigint primary key");
            for (int c = 0; c < valueTables.get(i).size(); c++) {
                columns.append(", c")
                        .append(c)
                        .append(' ')
                        .append(valueTables.get(i).get(c));
            }
            run("create table public.v" + i + " (" + columns + ")");
            if (i % 2 == 1) {
                run("alter table public.v" + i + " replica identity full");
            }
        }
        run("create table big (id bigint primary key, n int, x text, y jsonb, z text[]);"
                + "alter table big alter x set storage external, alter y set storage external, alter z set storage external;"
                + "create table bigfull (like big including all); alter table bigfull replica identity full");
        run("create table parts (id bigint, k int, v text, primary key (id, k)) partition by list (k);"
                + "create table parts_0 partition of parts for values in (0);"
                + "create table parts_1 partition of parts for values in (1)");
        run(
                "create table gen (id bigint primary key, v int, w int generated always as (v * 2) stored);"
                        + "create table nokey (a int, b text);"
                        + "create table byindex (id bigint primary key, v text not null, n text);"
                        + "create unique index byindex_v on byindex (v); alter table byindex replica identity using index byindex_v;"
                        + "create unlogged table unlogged (id int);"
                        + "create schema \"My Schema\"; create table \"My Schema\".\"Weird.Table, x\" (\"Id.x\" bigint primary key, \"sp ace\" text);"
                        + "create table shape (id bigint primary key, a text); create table copied (id bigint primary key, a text, b float8)");
    }

    /// Runs one transaction, or two when one is prepared or rolled back in between.
    void step() throws SQLException {
        switch (random.nextInt(20)) {
            case 0 -> run(one()); // on its own
            case 1 -> run("begin; " + some(3) + "rollback");
            case 2 -> run("select pg_logical_emit_message(" + random.nextBoolean() + ", 'prefix', 'content')");
            case 3 -> copy();
            case 4 -> prepared();
            case 5 -> run("begin; " + some(2) + reshaped() + some(2) + reshaped() + some(1) + "commit");
            case 6 -> {
                long first = ids;
                ids += 3_000;
                run("insert into copied select n, 'v' || n, n / 7.0 from generate_series(" + (first + 1) + ", " + ids
                        + ") n");
            }
            case 7 -> newType();
            default -> run("begin; " + some(8) + "commit");
        }
    }

    /// Must be run when both readers have caught up: Debezium asks the catalog, and so sees the latest
    /// identity.
    void changeIdentities() throws SQLException {
        String table = "public.v" + random.nextInt(valueTables.size());
        run("alter table " + table + " replica identity " + (random.nextBoolean() ? "full" : "default"));
        run("alter table shape replica identity " + (random.nextBoolean() ? "full" : "default"));
    }

    private String some(int max) {
        StringBuilder statements = new StringBuilder();
        for (int i = random.nextInt(max) + 1; i > 0; i--) {
            statements.append(random.nextInt(8) == 0 ? savepoint() : one()).append("; ");
        }
        return statements.toString();
    }

    private String savepoint() {
        String name = "s" + ++names;
        return "savepoint " + name + "; " + one() + "; "
                + (random.nextBoolean() ? "rollback to " + name + "; " + one() : "release " + name);
    }

    private String one() {
        return switch (random.nextInt(12)) {
            case 0, 1, 2, 3 -> values(random.nextInt(valueTables.size()));
            case 4 -> big(random.nextBoolean() ? "big" : "bigfull");
            case 5 ->
                random.nextBoolean()
                        ? "insert into parts values (" + ++ids + ", " + random.nextInt(2) + ", 'p')"
                        : "update parts set k = 1 - k where id = " + someId();
            case 6 ->
                "insert into gen values (" + ++ids + ", " + random.nextInt(100)
                        + "); update gen set v = v + 1 where id = " + someId();
            case 7 -> "insert into nokey values (" + random.nextInt(100) + ", null)";
            case 8 -> byIndex();
            case 9 ->
                "insert into \"My Schema\".\"Weird.Table, x\" values (" + ++ids
                        + ", 'x'); delete from \"My Schema\".\"Weird.Table, x\" where \"Id.x\" < " + someId();
            case 10 -> shaped();
            default -> other();
        };
    }

    private String other() {
        return switch (random.nextInt(6)) {
            case 0 -> "truncate nokey, gen, \"My Schema\".\"Weird.Table, x\"";
            case 1 -> "truncate parts";
            case 2 -> "insert into unlogged values (1)";
            case 3 -> "create temp table if not exists mine (a int); insert into mine values (1)";
            case 4 -> "delete from copied where id in (select id from copied limit 10)";
            default -> "update copied set id = -id where id = (select max(id) from copied)";
        };
    }

    private String values(int table) {
        List<String> types = valueTables.get(table);
        int column = random.nextInt(types.size());
        return switch (random.nextInt(6)) {
            case 0 ->
                "update public.v" + table + " set c" + column + " = " + literal(types.get(column)) + " where id = "
                        + "(select max(id) from public.v" + table + ")";
            case 1 ->
                "update public.v" + table + " set id = " + ++ids + " where id = (select min(id) from public.v" + table
                        + ")";
            case 2 -> "delete from public.v" + table + " where id = (select min(id) from public.v" + table + ")";
            default -> {
                StringBuilder insert = new StringBuilder("insert into public.v" + table + " values (" + ++ids);
                for (String type : types) {
                    insert.append(", ").append(random.nextInt(8) == 0 ? "null" : literal(type));
                }
                yield insert.append(')').toString();
            }
        };
    }

    private String literal(String type) {
        List<String> all = literals.get(type);
        return all.get(random.nextInt(all.size()));
    }

    private String big(String table) {
        String id = "(select max(id) from " + table + ")";
        return switch (random.nextInt(4)) {
            case 0 -> "update " + table + " set n = n + 1 where id = " + id;
            case 1 -> "update " + table + " set x = repeat('" + random.nextInt(10) + "', 9000) where id = " + id;
            case 2 -> "delete from " + table + " where id = " + id;
            default ->
                "insert into " + table + " values (" + ++ids
                        + ", 1, repeat('x', 9000), to_jsonb(repeat('y', 9000)), array[repeat('z', 9000), null])";
        };
    }

    private String byIndex() {
        return switch (random.nextInt(4)) {
            case 0 -> "update byindex set n = 'n" + random.nextInt(9) + "' where id = " + someId();
            case 1 -> "update byindex set v = 'w" + ++names + "' where id = (select max(id) from byindex)";
            case 2 -> "delete from byindex where id = (select min(id) from byindex)";
            default -> "insert into byindex values (" + ++ids + ", 'v" + ids + "', null)";
        };
    }

    private String shaped() {
        String column = shape.get(random.nextInt(shape.size()));
        return random.nextInt(3) == 0
                ? "update shape set " + column + " = '7' where id = (select max(id) from shape)"
                : "insert into shape (id, " + column + ") values (" + ++ids + ", '1')";
    }

    /// Must be run outside of savepoints and be committed, so that [#shape] stays true.
    private String reshaped() {
        String column = shape.get(random.nextInt(shape.size()));
        String fresh = "n" + ++names;
        return switch (shape.size() > 6 ? 1 : random.nextInt(4)) {
            case 0 -> {
                shape.set(shape.indexOf(column), fresh);
                yield "alter table shape rename " + column + " to " + fresh + "; ";
            }
            case 1 -> {
                if (shape.size() == 1) {
                    yield "";
                }
                shape.remove(column);
                yield "alter table shape drop " + column + "; ";
            }
            case 2 ->
                "alter table shape alter " + column + " type "
                        + (random.nextBoolean()
                                ? "text using " + column + "::text"
                                : "int using nullif(" + column + "::text, '')::int")
                        + "; ";
            default -> {
                shape.add(fresh);
                yield "alter table shape add " + fresh + (random.nextBoolean() ? " text" : " int default 5") + "; ";
            }
        };
    }

    private void newType() throws SQLException {
        String name = "t" + ++names;
        run("create type public." + name + " as enum ('a', 'b'); create type public." + name + "_c as (x int, y public."
                + name + "); create domain public." + name + "_d as public." + name + "[]");
        run("begin; create table public.of_" + name + " (id bigint primary key, e public." + name + ", c public." + name
                + "_c, d public." + name + "_d, cs public." + name + "_c[]); insert into public.of_" + name
                + " values (1, 'a', '(1,b)', '{a,b}', array[row(2, null)::public." + name + "_c]); commit");
    }

    private void prepared() throws SQLException {
        String name = "gid" + ++names;
        run("begin; " + "insert into copied values (" + ++ids + ", 'prepared', 'NaN'); prepare transaction '" + name
                + "'");
        run(one());
        run((random.nextInt(3) == 0 ? "rollback" : "commit") + " prepared '" + name + "'");
    }

    private void copy() throws SQLException {
        StringBuilder rows = new StringBuilder();
        for (int i = random.nextInt(500); i >= 0; i--) {
            rows.append(++ids)
                    .append("\tc\\\\")
                    .append(i)
                    .append("\t")
                    .append(random.nextGaussian())
                    .append('\n');
        }
        try {
            connection
                    .unwrap(PGConnection.class)
                    .getCopyAPI()
                    .copyIn("copy copied from stdin", new StringReader(rows.toString()));
        } catch (IOException e) {
            throw new SQLException(e);
        }
    }

    private long someId() {
        return ids - random.nextInt(200);
    }

    /// Rolls the transaction back when a value violates a unique index; nothing else may fail.
    private void run(String script) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(script);
        } catch (SQLException e) {
            if (!UNIQUE_VIOLATION.equals(e.getSQLState())) {
                throw new SQLException(e.getMessage() + " in " + script, e.getSQLState(), e);
            }
            try (Statement statement = connection.createStatement()) {
                statement.execute("rollback");
            }
        }
    }
}
