package dev.walcast.server.chaos;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// The tables of the chaos test. A trigger keeps every version of every row, in the transaction that wrote it, so
/// that commits are known even when a writer got no answer to its commit.
final class ChaosDatabase {
    static final List<String> USERS = List.of(
            "11111111-1111-4111-8111-111111111111",
            "22222222-2222-4222-8222-222222222222",
            "33333333-3333-4333-8333-333333333333");
    static final int ROOMS = 4;
    static final int COUNTERS = 50;

    private static final ObjectMapper JSON = new ObjectMapper();

    private final TestPostgres postgres;

    ChaosDatabase(TestPostgres postgres) {
        this.postgres = postgres;
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create schema auth; grant usage on schema auth, public to anon, authenticated",
                "create function auth.uid() returns uuid language sql stable as $$ select"
                        + " (coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb ->> 'sub')::uuid $$",
                "create table counters (id bigint primary key, n bigint not null)",
                "create table items (id bigint primary key, room int, v int, body text); alter table items replica identity full",
                "create table notes (id bigint primary key, owner uuid, body text); alter table notes replica identity full",
                "alter table notes enable row level security; create policy own on notes using (owner = auth.uid())",
                "grant select on counters, items, notes to authenticated",
                "create table history (seq bigserial primary key, tab text, id bigint, version jsonb)",
                "create function remember() returns trigger language plpgsql as $$ begin insert into history"
                        + " (tab, id, version) values (tg_table_name, coalesce(new.id, old.id), to_jsonb(new)); return null; end $$",
                "insert into counters select n, 0 from generate_series(1, " + COUNTERS + ") n",
                "insert into history (tab, id, version) select 'counters', id, to_jsonb(c) from counters c",
                "create publication supabase_realtime for table counters, items, notes");
        for (String table : List.of("counters", "items", "notes")) {
            postgres.execute("create trigger remember after insert or update or delete on " + table
                    + " for each row execute function remember()");
        }
    }

    TestPostgres postgres() {
        return postgres;
    }

    /// The rows that a user may see of a view now, by id.
    Map<Long, JsonNode> rows(String user, ChaosView view) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set statement_timeout = '20s'");
            statement.execute("select set_config('request.jwt.claims', '{\"sub\":\"" + user + "\"}', false)");
            statement.execute("set role authenticated");
            Map<Long, JsonNode> rows = new HashMap<>();
            try (ResultSet result = statement.executeQuery(
                    "select id, to_jsonb(t)::text from " + view.table() + " t where " + view.condition())) {
                while (result.next()) {
                    rows.put(result.getLong(1), parse(result.getString(2)));
                }
            }
            return rows;
        }
    }

    /// The history of one row: every committed version, oldest first; empty for its deletion.
    record Row(long id, List<Optional<JsonNode>> versions) {}

    /// Every row of a table that there ever was, one after the other: they are many.
    void eachRow(String table, Consumer<Row> action) throws SQLException {
        try (Connection connection = postgres.connect();
                PreparedStatement statement = connection.prepareStatement(
                        "select id, version::text from history where tab = ? order by id, seq")) {
            connection.setAutoCommit(false);
            statement.setFetchSize(1_000);
            statement.setString(1, table);
            Row row = null;
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    long id = rows.getLong(1);
                    if (row == null || row.id() != id) {
                        if (row != null) {
                            action.accept(row);
                        }
                        row = new Row(id, new ArrayList<>());
                    }
                    row.versions().add(Optional.ofNullable(rows.getString(2)).map(ChaosDatabase::parse));
                }
            }
            if (row != null) {
                action.accept(row);
            }
        }
    }

    /// The same for rows with the same values, however their keys are sorted.
    static String text(JsonNode row) {
        Map<String, String> values = new TreeMap<>();
        row.properties()
                .forEach(value -> values.put(value.getKey(), value.getValue().asText()));
        return values.toString();
    }

    static JsonNode parse(String json) {
        try {
            return JSON.readTree(json);
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
