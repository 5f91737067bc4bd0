package dev.walcast.server.definitions;

import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Writes rows and changes the definitions of tables, columns, types and publications, one transaction after another.
/// Statements that Postgres refuses are rolled back. A trigger records each row as its statement saw it.
final class RandomDefinitions implements AutoCloseable {
    private static final List<String> TYPES = List.of(
            "int",
            "bigint",
            "numeric",
            "text",
            "boolean",
            "jsonb",
            "int[]",
            "timestamptz",
            "pair",
            "outer_pair",
            "pair[]",
            "mood",
            "positive",
            "pair_domain",
            "base");

    private static final String RECORD = """
            create function audit.record() returns trigger language plpgsql security definer
              set timezone = 'UTC' set datestyle = 'ISO' set intervalstyle = 'postgres' set extra_float_digits = 1 as $$
            declare
              new_row jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
              old_row jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
            begin
              insert into audit.images (op, event, schema_name, table_name, new_row, old_row, generated, published, lsn)
              values ((coalesce(new_row, old_row) ->> 'op')::bigint, tg_op, tg_table_schema, tg_table_name, new_row::text, old_row::text,
                array(select attname::text from pg_attribute where attrelid = tg_relid and attgenerated <> '' and not attisdropped),
                (select array_agg(a.attname::text) from pg_publication_rel r
                   join pg_attribute a on a.attrelid = r.prrelid and a.attnum = any (r.prattrs)
                  where r.prrelid = tg_relid),
                pg_current_wal_insert_lsn()::text);
              return null;
            end $$""";

    private final Random random;
    private final Connection connection;
    private int names;
    private long op;
    private long id;

    RandomDefinitions(TestPostgres postgres, Random random) throws SQLException {
        this.random = random;
        this.connection = postgres.connect();
    }

    static String[] preparation() {
        return new String[] {
            "create schema other; grant usage on schema other to authenticated",
            "alter default privileges in schema other grant select on tables to authenticated",
            "create schema audit",
            "create type pair as (x int, y text)",
            "create type outer_pair as (p pair, z int)",
            "create type mood as enum ('sad', 'glad')",
            "create domain positive as int check (value > 0)",
            "create domain pair_domain as pair",
            "create table base (k int, v text)",
            "create table audit.images (seq bigserial primary key, op bigint, event text, schema_name text,"
                    + " table_name text, new_row text, old_row text, generated text[], published text[], lsn text,"
                    + " xid bigint default pg_current_xact_id()::text::bigint)",
            RECORD,
            "create publication supabase_realtime for table ends",
            table("t0"),
            table("t1"),
            "create table public.parts (id int primary key, op bigint, n int, s text) partition by range (id);"
                    + " create table public.leaf (op bigint, s text, id int primary key, n int);"
                    + " alter table public.parts attach partition public.leaf default;" + recorded("public.leaf")
        };
    }

    private static String table(String name) {
        return "create table public." + name + " (id int primary key, op bigint not null, n int, s text default 'd',"
                + " g int generated always as (id * 2) stored);" + recorded("public." + name);
    }

    private static String recorded(String table) {
        return "create trigger record after insert or update or delete on " + table
                + " for each row execute function audit.record();"
                + " alter publication supabase_realtime add table " + table;
    }

    /// One transaction.
    void step() throws SQLException {
        connection.setAutoCommit(false);
        try {
            int statements = 1 + random.nextInt(5);
            for (int i = 0; i < statements; i++) {
                tryOne(random.nextInt(5) < 2 ? definition() : row());
            }
            if (random.nextInt(12) == 0) {
                connection.rollback();
            } else {
                connection.commit();
            }
        } catch (SQLException e) {
            connection.rollback();
        } finally {
            connection.setAutoCommit(true);
        }
    }

    /// In a subtransaction or not.
    private void tryOne(String sql) throws SQLException {
        Savepoint savepoint = random.nextInt(3) == 0 ? null : connection.setSavepoint();
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local lock_timeout = '2s'; " + sql);
            if (savepoint != null) {
                connection.releaseSavepoint(savepoint);
            }
        } catch (SQLException e) {
            if (savepoint == null) {
                throw e;
            }
            connection.rollback(savepoint);
        }
    }

    // -- rows

    private record Column(String name, String type, boolean generated) {}

    private String row() throws SQLException {
        String table = table();
        List<Column> columns = columns(table);
        return switch (random.nextInt(6)) {
            case 0, 1, 2 -> insert(table, columns);
            case 3, 4 -> update(table, columns);
            default -> "delete from " + table + some(table);
        };
    }

    private String insert(String table, List<Column> columns) {
        StringBuilder names = new StringBuilder("id, op");
        StringBuilder values = new StringBuilder(++id + ", " + ++op);
        for (Column column : columns) {
            if (random.nextInt(4) > 0) {
                names.append(", \"").append(column.name).append('"');
                values.append(", ").append(value(column.type));
            }
        }
        return "insert into " + table + " (" + names + ") values (" + values + ")";
    }

    private String update(String table, List<Column> columns) {
        StringBuilder set = new StringBuilder("op = " + ++op);
        for (Column column : columns) {
            if (random.nextInt(3) == 0) {
                set.append(", \"").append(column.name).append("\" = ").append(value(column.type));
            }
        }
        return "update " + table + " set " + set + some(table);
    }

    private String some(String table) {
        return " where id = (select id from " + table + " order by id desc offset " + random.nextInt(4) + " limit 1)";
    }

    private String value(String type) {
        int n = random.nextInt(100);
        if (random.nextInt(8) == 0) {
            return "null";
        }
        return switch (type) {
            case "integer", "bigint", "numeric" -> String.valueOf(n);
            case "positive" -> String.valueOf(n + 1);
            case "text" -> random.nextInt(10) == 0 ? "repeat(md5('" + n + "'), 300)" : "'v" + n + "'";
            case "boolean" -> n % 2 == 0 ? "true" : "false";
            case "jsonb" -> "'{\"k\": " + n + "}'";
            case "integer[]" -> "array[" + n + ", null]";
            case "timestamp with time zone" -> "'2026-01-01 00:00:" + n % 60 + "+00'";
            case "mood" -> "(enum_range(null::mood))[" + (1 + n % 2) + "]";
            case "pair", "pair_domain" -> "(select (r).p from (select " + outer(n) + " as r) q)";
            case "outer_pair" -> outer(n);
            case "pair[]" -> "array[(select (r).p from (select " + outer(n) + " as r) q), null]";
            case "base" -> "(select jsonb_populate_record(null::base, '{\"k\": " + n + ", \"v\": \"w\"}'))";
            default -> "null";
        };
    }

    /// Whatever fields the types have.
    private static String outer(int n) {
        return "jsonb_populate_record(null::outer_pair, '{\"z\": " + n + ", \"p\": {\"x\": " + n
                + ", \"y\": \"it''s\", \"f0\": 1, \"f1\": 2, \"f2\": 3}}')";
    }

    // -- definitions

    private String definition() throws SQLException {
        String table = table();
        List<Column> columns = columns(table);
        Column some = columns.isEmpty() ? null : columns.get(random.nextInt(columns.size()));
        Column other = columns.isEmpty() ? null : columns.get(random.nextInt(columns.size()));
        String add = " add column ";
        int kind = random.nextInt(26);
        if (some == null || other == null || kind < 4) {
            return "alter table " + table + add + name() + " " + anyType() + (kind == 1 ? " default null" : "");
        }
        String quoted = "\"" + some.name + "\"";
        return switch (kind) {
            case 4 -> "alter table " + table + " drop column " + quoted;
            case 5, 6 -> "alter table " + table + " rename column " + quoted + " to " + name();
            case 7 -> some.name.equals(other.name) ? "select 1" : swap(table, some.name, other.name);
            case 8 ->
                "alter table " + table + " drop column " + quoted + "; alter table " + table + add + quoted + " "
                        + some.type;
            case 9 -> "alter table " + table + " drop column " + quoted + ", add column " + name() + " " + anyType();
            case 10, 11 ->
                "alter table " + table + " alter column " + quoted + " type "
                        + (random.nextBoolean()
                                ? "text using " + quoted + "::text"
                                : "bigint using length(" + quoted + "::text)");
            case 12 -> "alter table " + table + add + name() + " int default 7";
            case 13 -> "alter table " + table + add + name() + " bigint generated always as (id + 1) stored";
            case 14 -> "alter table " + table + " replica identity " + (random.nextBoolean() ? "full" : "default");
            case 15 -> list(table, columns);
            case 16 -> rename(table);
            case 17 -> move(table);
            case 18 -> recreate(table);
            case 19 ->
                random.nextBoolean()
                        ? "alter table public.parts detach partition public.leaf"
                        : "alter table public.parts attach partition public.leaf default";
            case 20 ->
                "alter type mood "
                        + (random.nextBoolean() ? "add value '" + name() + "'" : "rename value (select 1) to 'x'");
            case 21 ->
                "alter table base "
                        + (random.nextBoolean()
                                ? "add column " + name() + " int"
                                : "rename column v to " + name() + "; alter table base add column v text");
            case 22 -> "alter domain positive rename to swap_name; alter domain swap_name rename to positive";
            case 23 -> "grant select (id) on " + table + " to anon";
            default -> type();
        };
    }

    private static String swap(String table, String one, String other) {
        String rename = "alter table " + table + " rename column ";
        return rename + "\"" + one + "\" to swapping; " + rename + "\"" + other + "\" to \"" + one + "\"; " + rename
                + "swapping to \"" + other + "\"";
    }

    private String type() throws SQLException {
        List<String> fields = query("select attname from pg_attribute where attrelid = (select typrelid from pg_type"
                + " where oid = 'pair'::regtype) and attnum > 0 and not attisdropped order by attnum");
        String field = fields.get(random.nextInt(fields.size()));
        return switch (random.nextInt(4)) {
            case 0 -> "alter type pair add attribute f" + random.nextInt(3) + " int";
            case 1 -> "alter type pair rename attribute \"" + field + "\" to f" + random.nextInt(3);
            case 2 -> fields.size() < 2 ? "select 1" : "alter type pair drop attribute \"" + field + "\"";
            default -> "alter type outer_pair rename attribute z to zz; alter type outer_pair rename attribute zz to z";
        };
    }

    private String list(String table, List<Column> columns) {
        StringBuilder list = new StringBuilder();
        if (random.nextBoolean()) {
            list.append(" (id, op");
            columns.stream()
                    .filter(_ -> random.nextBoolean())
                    .forEach(column -> list.append(", \"").append(column.name).append('"'));
            list.append(')');
        }
        return "alter publication supabase_realtime drop table " + table
                + "; alter publication supabase_realtime add table " + table + list;
    }

    private static String rename(String table) {
        int point = table.indexOf('.');
        String name = table.substring(point + 1);
        String to = name.endsWith("x") ? name.substring(0, name.length() - 1) : name + "x";
        return "alter table " + table + " rename to " + to;
    }

    private static String move(String table) {
        return "alter table " + table + " set schema " + (table.startsWith("public.") ? "other" : "public");
    }

    private static String recreate(String table) {
        String name = table.substring(table.indexOf('.') + 1);
        return name.startsWith("t") ? "drop table " + table + "; " + table(name) : "select 1";
    }

    private String name() {
        return "c" + ++names % 12;
    }

    private String anyType() {
        return TYPES.get(random.nextInt(TYPES.size()));
    }

    // -- objects

    private String table() throws SQLException {
        List<String> tables = query("select format('%I.%I', schemaname, tablename) from pg_publication_tables"
                + " where tablename <> 'ends' order by 1");
        return tables.get(random.nextInt(tables.size()));
    }

    private List<Column> columns(String table) throws SQLException {
        List<Column> columns = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "select attname, format_type(atttypid, null), attgenerated <> '' from pg_attribute"
                        + " where attrelid = ?::regclass and attnum > 0 and not attisdropped"
                        + " and attname not in ('id', 'op') order by attnum")) {
            statement.setString(1, table);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    Column column = new Column(rows.getString(1), rows.getString(2), rows.getBoolean(3));
                    if (!column.generated) {
                        columns.add(column);
                    }
                }
            }
        }
        return columns;
    }

    private List<String> query(String sql) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                found.add(rows.getString(1));
            }
        }
        return found;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
