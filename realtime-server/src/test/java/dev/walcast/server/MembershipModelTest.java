package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Random rows, policies, filters and updates. The rows that a client keeps by INSERT, UPDATE and DELETE equal those
/// of a SELECT with its filter as its user.
class MembershipModelTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int ROUNDS = Integer.getInteger("walcast.membership-rounds", 12);
    private static final int STATEMENTS = 60;
    private static final int KEYS = 12;

    private static final List<String> USERS =
            List.of("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222");

    private static final List<String> POLICIES = List.of(
            "true",
            "owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid",
            "owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid or n > 2",
            "n < 3 and exists (select 1 from allowed a where a.room = things.room)",
            "n is not null and v is distinct from 'v1'",
            "10 / n > 2");

    /// A filter as the client sends it and in SQL.
    private record Filter(String wire, String sql) {}

    private static final List<Filter> FILTERS = List.of(
            new Filter("", "true"),
            new Filter("room=eq.a", "room = 'a'"),
            new Filter("n=gt.1", "n > 1"),
            new Filter("room=in.(a,b)", "room in ('a', 'b')"),
            new Filter("room=match.^a", "room ~ '^a'"),
            new Filter("v=is.null", "v is null"),
            new Filter("room=not.eq.a", "not room = 'a'"),
            new Filter("id=lt.6", "id < 6"));

    @Test
    void clientKeepsExactlyTheRowsOfSelect() throws Exception {
        long seed = Long.getLong("walcast.seed", System.nanoTime());
        System.out.println("MembershipModelTest: -Dwalcast.seed=" + seed);
        Random random = new Random(seed);
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute(
                    "create role authenticated nologin; grant usage on schema public to authenticated",
                    "create table things (id int primary key, room text, n int, owner uuid, v text);"
                            + " alter table things enable row level security; alter table things replica identity full",
                    "create table allowed (room text); insert into allowed values ('a'), ('ab')",
                    "create table ends (n int)",
                    "create policy p on things using (true)",
                    "grant select on things, allowed, ends to authenticated",
                    "create publication supabase_realtime for table things, ends");
            for (int round = 0; round < ROUNDS; round++) {
                play(postgres, random, "seed " + seed + " round " + round);
            }
        }
    }

    private static void play(TestPostgres postgres, Random random, String what) throws Exception {
        String policy = one(random, POLICIES);
        postgres.execute("delete from things", "alter policy p on things using (" + policy + ")");
        List<Filter> shuffled = new ArrayList<>(FILTERS);
        Collections.shuffle(shuffled, random);
        List<Filter> filters = shuffled.subList(0, 3);
        String[] bindings = filters.stream()
                .map(filter -> "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"things\",\"membership\":true"
                        + (filter.wire.isEmpty() ? "" : ",\"filter\":\"" + filter.wire + "\"") + "}")
                .toArray(String[]::new);
        try (TestServer server = TestServer.start(TestServer.settings(postgres, "membership_model"));
                ChangeListener one =
                        ChangeListener.join(server, USERS.get(0), bindings).past(postgres);
                ChangeListener two =
                        ChangeListener.join(server, USERS.get(1), bindings).past(postgres)) {
            List<String> statements = IntStream.range(0, STATEMENTS)
                    .mapToObj(_ -> statement(random))
                    .toList();
            statements.forEach(postgres::execute);
            List<List<String>> heard = List.of(one.told(postgres), two.told(postgres));
            for (int user = 0; user < heard.size(); user++) {
                List<TreeMap<Integer, String>> kept = kept(heard.get(user), filters.size());
                for (int i = 0; i < filters.size(); i++) {
                    assertThat(kept.get(i))
                            .as(what + ", user " + user + ", policy " + policy + ", filter " + filters.get(i).sql
                                    + ", told " + heard.get(user) + ", after " + String.join("; ", statements))
                            .isEqualTo(selected(postgres, USERS.get(user), filters.get(i).sql));
                }
            }
        }
    }

    private static <T> T one(Random random, List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private static String statement(Random random) {
        int id = random.nextInt(KEYS);
        String room = random.nextInt(6) == 0 ? "null" : one(random, List.of("'a'", "'b'", "'ab'", "'c'"));
        String n = random.nextInt(6) == 0 ? "null" : "" + (1 + random.nextInt(4));
        String owner = "'" + one(random, USERS) + "'";
        String v = random.nextInt(3) == 0 ? "null" : "'v" + random.nextInt(3) + "'";
        return switch (random.nextInt(8)) {
            case 0, 1 ->
                "insert into things values (" + id + ", " + room + ", " + n + ", " + owner + ", " + v
                        + ") on conflict do nothing";
            case 2 -> "update things set room = " + room + " where id = " + id;
            case 3 -> "update things set n = " + n + ", v = " + v + " where id <= " + id;
            case 4 -> "update things set owner = " + owner + " where id >= " + id;
            case 5 -> "update things set room = " + room + ", owner = " + owner + " where id % 3 = " + id % 3;
            case 6 ->
                "update things set id = " + (id + KEYS) % (2 * KEYS) + " where id = " + random.nextInt(KEYS)
                        + " and not exists (select 1 from things where id = " + (id + KEYS) % (2 * KEYS) + ")";
            default -> "delete from things where id = " + id;
        };
    }

    /// The rows of a simple client that knows each row by the key of its last event.
    private static List<TreeMap<Integer, String>> kept(List<String> told, int bindings) throws Exception {
        List<TreeMap<Integer, String>> kept = new ArrayList<>();
        IntStream.range(0, bindings).forEach(_ -> kept.add(new TreeMap<>()));
        for (String line : told) {
            String[] words = line.split(" ", 3);
            String[] rows = words[2].replaceFirst(" (left|entered)$", "").split("(^| )old ", 2);
            for (String binding : words[0].split(",")) {
                TreeMap<Integer, String> mine = kept.get(Integer.parseInt(binding));
                if (!words[1].equals("INSERT")) {
                    mine.remove(JSON.readTree(rows[1]).get("id").asInt());
                }
                if (!words[1].equals("DELETE")) {
                    JsonNode row = JSON.readTree(rows[0]);
                    mine.put(row.get("id").asInt(), row.path("room") + " " + row.path("n") + " " + row.path("v"));
                }
            }
        }
        return kept;
    }

    private static TreeMap<Integer, String> selected(TestPostgres postgres, String user, String filter)
            throws Exception {
        TreeMap<Integer, String> rows = new TreeMap<>();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set role authenticated; select set_config('request.jwt.claims', '{\"sub\":\"" + user
                    + "\"}', false)");
            try (ResultSet found = statement.executeQuery("select id, concat_ws(' ', coalesce(to_json(room)::text,"
                    + " 'null'), coalesce(n::text, 'null'), coalesce(to_json(v)::text, 'null')) from things where "
                    + filter)) {
                while (found.next()) {
                    rows.put(found.getInt(1), found.getString(2));
                }
            }
        }
        return rows;
    }
}
