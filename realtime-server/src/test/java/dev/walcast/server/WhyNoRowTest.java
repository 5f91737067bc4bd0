package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The reasons why a row does not arrive, as reported at the join. `docs/why-no-row.md` names these tests. Each test
/// runs the statement of the reply unchanged, and then the same binding works.
class WhyNoRowTest {
    private static final int PUBLISHES_GENERATED_COLUMNS = 18;
    private static final int LISTS_COLUMNS = 15;

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role service_role nologin bypassrls",
                "grant usage on schema public to anon, service_role",
                "create schema closed; create table closed.secret (id int primary key)",
                "create table notes (id int primary key, v text, n int, body text)",
                "create table closed.other (id int primary key); grant select on all tables in schema closed to anon",
                "create publication supabase_realtime for table notes, closed.secret",
                "grant select on notes to anon, service_role");
        server = TestServer.start(postgres);
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    // -- tables

    @Test
    void unpublishedTableIsRefused() throws Exception {
        postgres.execute(
                "create table \"Odd \"\"one\" (id int primary key)", "grant select on \"Odd \"\"one\" to anon");
        String message = refusal("anon", "\"table\":\"Odd \\\"one\"");
        assertThat(message).contains("TableNotPublished: ", "ADD TABLE \"public\".\"Odd \"\"one\";");
        runStatementOf(message);
        assertSubscribed("anon", "\"table\":\"Odd \\\"one\"");
    }

    @Test
    void unpublishedTableWithoutIdentityIsRefused() throws Exception {
        postgres.execute("create table keyless (id int); grant select on keyless to anon");
        String message = refusal("anon", table("keyless"));
        assertThat(message).contains("ALTER TABLE \"public\".\"keyless\" REPLICA IDENTITY FULL; ALTER PUBLICATION");
        runStatementOf(message);
        postgres.execute("insert into keyless values (1); update keyless set id = 2; delete from keyless");
        assertThat(warnings("anon", table("keyless"))).isEmpty();
    }

    @Test
    void publishedTableWithoutIdentityWarns() throws Exception {
        postgres.execute(
                "create table broken (id int); grant select on broken to anon",
                "alter publication supabase_realtime add table broken");
        assertThat(warnings("anon", table("broken")))
                .anySatisfy(warning -> assertThat(warning)
                        .startsWith("ReplicaIdentityMissing: ")
                        .contains("REPLICA IDENTITY FULL;"));
    }

    @Test
    void unknownTableIsRefused() throws Exception {
        assertThat(refusal("anon", table("nosuch")))
                .endsWith(
                        "TableNotAvailable: The table does not exist, is not in the publication, or this role may not read it; a join as service_role is told which.");
        assertThat(refusal("service_role", table("nosuch")))
                .contains("TableNotFound: ", "There is no table public.nosuch.");
    }

    @Test
    void unreadableTableIsRefusedByCode() throws Exception {
        postgres.execute("create table unreadable (id int primary key)");
        assertThat(refusal("anon", table("unreadable")))
                .endsWith(
                        "TableNotAvailable: The table does not exist, is not in the publication, or this role may not read it; a join as service_role is told which.");
        String message = refusal("service_role", table("unreadable"));
        assertThat(message).contains("TableNotPublished: ");
        runStatementOf(message);
        message = refusal("service_role", table("unreadable"));
        assertThat(message)
                .contains("TableNotReadable: ", "GRANT SELECT ON \"public\".\"unreadable\" TO \"service_role\";");
        runStatementOf(message);
        assertSubscribed("service_role", table("unreadable"));
    }

    @Test
    void unreadableRelationsLookAbsent() throws Exception {
        postgres.execute(
                "create table hidden_published (id int primary key)",
                "create table hidden (id int primary key)",
                "create unlogged table hidden_unlogged (id int primary key)",
                "create view hidden_view as select 1 as id",
                "create sequence hidden_sequence",
                "alter publication supabase_realtime add table hidden_published");
        String none = refusal("anon", table("nosuch"));
        for (String name : List.of(
                "hidden_published", "hidden", "hidden_unlogged", "hidden_view", "hidden_sequence", "pg_class")) {
            assertThat(refusal("anon", table(name))).as(name).isEqualTo(none.replace("nosuch", name));
        }
    }

    @Test
    void changeOfUnreadableTableIsHidden() throws Exception {
        postgres.execute(
                "create table unseen (id int primary key)", "alter publication supabase_realtime add table unseen");
        try (RawSocket socket = server.open("anon")) {
            assertThat(answer(socket, binding(table("unseen"))).get("message").asText())
                    .contains("TableNotAvailable: ");
            postgres.execute("alter table unseen add note text");
            // reads the rights, so that subscriptions are notified of the change
            assertThat(refusal("anon", table("unseen"))).contains("TableNotAvailable: ");
            assertThat(socket.untilHeartbeat(false)).isEmpty();
            postgres.execute("grant select on unseen to anon");
            JsonNode told = socket.receiveJson();
            assertThat(told.at("/4/status").asText()).as(told.toString()).isEqualTo("ok");
        }
    }

    @Test
    void searchConfigurationRevealsNoSchema() throws Exception {
        postgres.execute(
                "create table searched (id int primary key, body text); grant select on searched to anon",
                "alter publication supabase_realtime add table searched");
        String closed = refusal("anon", table("searched") + ",\"filter\":\"body=fts(closed.x).cat\"");
        String none = refusal("anon", table("searched") + ",\"filter\":\"body=fts(nosuch.x).cat\"");
        assertThat(closed).isEqualTo(none.replace("nosuch", "closed"));
        assertThat(closed).contains("Error parsing `filter` params");
        assertSubscribed("anon", table("searched") + ",\"filter\":\"body=fts(english).cat\"");
    }

    @Test
    void closedSchemaRevealsNothing() throws Exception {
        for (String target : List.of(
                "\"schema\":\"closed\",\"table\":\"secret\"",
                "\"schema\":\"closed\",\"table\":\"other\"",
                "\"schema\":\"closed\",\"table\":\"nosuch\"",
                "\"schema\":\"closed\"",
                "\"schema\":\"nosuch\",\"table\":\"nosuch\"",
                "\"schema\":\"nosuch\"")) {
            assertThat(refusal("anon", target))
                    .endsWith(
                            "] TableNotAvailable: The table does not exist, is not in the publication, or this role may not read it; a join as service_role is told which.");
        }
        assertThat(refusal("service_role", "\"schema\":\"closed\",\"table\":\"other\""))
                .contains("TableNotPublished: ");
    }

    @Test
    void wildcardWithoutReadableTableLooksAbsent() throws Exception {
        postgres.execute("create schema unread; grant usage on schema unread to anon, service_role");
        String wildcard = "\"schema\":\"unread\",\"table\":\"*\"";
        String none = refusal("anon", wildcard);
        assertThat(none).contains("TableNotAvailable: ");
        String filtered = wildcard + ",\"filter\":\"n=eq.1\"";
        String noneFiltered = refusal("anon", filtered);
        postgres.execute(
                "create table unread.one (id int primary key, n int)",
                "create table unread.two (id int primary key)",
                "alter publication supabase_realtime add table unread.one, unread.two");
        assertThat(refusal("anon", wildcard)).isEqualTo(none);
        assertThat(refusal("anon", filtered)).isEqualTo(noneFiltered);
        assertThat(refusal("service_role", wildcard))
                .contains("TableNotReadable: ", "GRANT SELECT ON \"unread\".\"one\" TO \"service_role\";");
        postgres.execute("grant select (id, n) on unread.one to anon");
        assertSubscribed("anon", wildcard);
        // the other table, of which it may know nothing, has no such column
        assertSubscribed("anon", filtered);
    }

    @Test
    void partitionedRootIsRefusedWithoutViaRoot() throws Exception {
        postgres.execute(
                "create table parts (id int primary key) partition by range (id)",
                "create table parts_1 partition of parts for values from (0) to (100)",
                "grant select on parts, parts_1 to anon",
                "alter publication supabase_realtime add table parts");
        String message = refusal("anon", table("parts"));
        assertThat(message).contains("SET (publish_via_partition_root = true);").doesNotContain("ADD TABLE");
        try {
            runStatementOf(message);
            assertSubscribed("anon", table("parts"));
            assertThat(refusal("anon", table("parts_1"))).contains("subscribe to that");
        } finally {
            postgres.execute("alter publication supabase_realtime set (publish_via_partition_root = false)");
        }
    }

    @Test
    void unloggedTableIsRefused() throws Exception {
        postgres.execute("create unlogged table fast (id int primary key); grant select on fast to anon");
        String message = refusal("anon", table("fast"));
        assertThat(message).contains("TableNotLogged: ", "SET LOGGED;", "ADD TABLE");
        runStatementOf(message);
        assertSubscribed("anon", table("fast"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"view", "materialized view", "foreign table"})
    void relationWithoutChangesIsRefused(String kind) throws Exception {
        String name = kind.replace(" ", "_");
        postgres.execute(
                kind.startsWith("foreign")
                        ? "create foreign data wrapper f; create server s foreign data wrapper f;"
                                + " create foreign table foreign_table (id int) server s"
                        : "create " + kind + " " + name + " as select 1 as id",
                "grant select on " + name + " to anon");
        assertThat(refusal("anon", table(name))).contains("TableNotLogged: ", "public." + name + " is a " + kind);
    }

    // -- events

    @Test
    void unknownEventIsRefused() throws Exception {
        for (String event : List.of("\"UPSERT\"", "\"\"", "7")) {
            assertThat(refused("anon", "{\"event\":" + event + "," + table("notes") + "}"))
                    .contains("UnknownEvent: ");
        }
    }

    @Test
    void unpublishedEventIsRefused() throws Exception {
        postgres.execute("alter publication supabase_realtime set (publish = 'insert')");
        try {
            assertThat(warnings("anon", table("notes")))
                    .anySatisfy(warning ->
                            assertThat(warning).contains("EventNotPublished: ", "sends no UPDATEs and no DELETEs"));
            String update = "{\"event\":\"UPDATE\"," + table("notes") + "}";
            String message = refused("anon", update);
            assertThat(message).contains("EventNotPublished: ", "sends no UPDATEs of public.notes");
            runStatementOf(message);
            try (RawSocket socket = server.open("anon")) {
                assertThat(answer(socket, update).get("status").asText()).isEqualTo("ok");
            }
        } finally {
            postgres.execute("alter publication supabase_realtime set (publish = 'insert, update, delete, truncate')");
        }
    }

    @Test
    void changedPublicationNotifiesSubscribers() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            assertThat(answer(socket, "{\"event\":\"UPDATE\"," + table("notes") + "}")
                            .get("status")
                            .asText())
                    .isEqualTo("ok");
            postgres.execute("alter publication supabase_realtime set (publish = 'insert')");
            assertThat(error(socket)).contains("EventNotPublished: ");
        } finally {
            postgres.execute("alter publication supabase_realtime set (publish = 'insert, update, delete, truncate')");
        }
    }

    // -- columns and rows

    @Test
    void columnOutsideTheListIsRefused() throws Exception {
        assumeTrue(postgres.majorVersion() >= LISTS_COLUMNS, "this Postgres has no column lists");
        postgres.execute(
                "create table listed (id int primary key, a int, \"B b\" int); grant select on listed to anon",
                "alter publication supabase_realtime add table listed (id, a) where (id > 0)");
        assertThat(refusal("anon", table("listed") + ",\"select\":[\"B b\"]")).contains("ColumnNotPublished: ");
        String message = refusal("anon", table("listed") + ",\"filter\":\"B b=eq.1\"");
        assertThat(message).contains("ColumnNotPublished: ", "The filter looks at B b");
        runStatementOf(message);
        assertThat(warnings("anon", table("listed") + ",\"filter\":\"B b=eq.1\""))
                .anySatisfy(warning -> assertThat(warning).startsWith("RowsLeftOut: "));
    }

    @Test
    void policyOnUnpublishedColumnIsRefused() throws Exception {
        assumeTrue(postgres.majorVersion() >= LISTS_COLUMNS, "this Postgres has no column lists");
        postgres.execute(
                "create table owned (id int primary key, owner text); grant select on owned to anon",
                "alter table owned enable row level security",
                "create policy own on owned using (owner = current_user)",
                "alter publication supabase_realtime add table owned (id)");
        String message = refusal("anon", table("owned"));
        assertThat(message).contains("ColumnNotPublished: ", "the policies look at owner");
        postgres.execute("create policy positive on owned using (id > 0)");
        assertThat(warnings("anon", table("owned")))
                .anySatisfy(warning -> assertThat(warning).startsWith("ColumnNotPublished: "));
        runStatementOf(message);
        assertThat(warnings("anon", table("owned")))
                .noneSatisfy(warning -> assertThat(warning).startsWith("ColumnNotPublished: "));
    }

    @Test
    void generatedColumnIsRefused() throws Exception {
        postgres.execute(
                "create table computed (id int primary key, g int generated always as (id + 1) stored)",
                "grant select on computed to anon",
                "alter publication supabase_realtime add table computed");
        String filtered = table("computed") + ",\"filter\":\"g=eq.2\"";
        String message = refusal("anon", filtered);
        if (postgres.majorVersion() < PUBLISHES_GENERATED_COLUMNS) {
            assertThat(message).contains("before 18 sends no generated columns").doesNotContain("ALTER");
            return;
        }
        assertThat(message).contains("SET (publish_generated_columns = stored);");
        runStatementOf(message);
        assertSubscribed("anon", filtered);
        postgres.execute("alter table computed add v int generated always as (id + 2) virtual");
        assertThat(refusal("anon", table("computed") + ",\"filter\":\"v=eq.3\""))
                .contains("never sends virtual generated columns")
                .doesNotContain("ALTER");
    }

    @Test
    void adviceKeepsUpdatesAndDeletesWorking() throws Exception {
        postgres.execute(
                "create table sums (id int primary key, n int, g int generated always as (n + 1) stored)",
                "grant select on sums to anon; alter publication supabase_realtime add table sums");
        assertThat(warnings("anon", table("sums") + ",\"filter\":\"n=eq.2\""))
                .singleElement()
                .asString()
                .startsWith("DELETEs of public.sums do not carry n")
                .contains("USING INDEX")
                .doesNotContain("ALTER TABLE");
        assumeTrue(postgres.majorVersion() >= LISTS_COLUMNS, "this Postgres has no column lists");
        postgres.execute(
                "alter publication supabase_realtime drop table sums; alter table sums drop column g, add s text;"
                        + " alter publication supabase_realtime add table sums (id, n)");
        assertThat(warnings("anon", table("sums") + ",\"filter\":\"n=eq.2\""))
                .singleElement()
                .asString()
                .contains("USING INDEX")
                .doesNotContain("ALTER TABLE");
    }

    @Test
    void roleWithoutPolicyIsRefused() throws Exception {
        postgres.execute(
                "create table guarded (id int primary key); grant select on guarded to anon",
                "alter table guarded enable row level security",
                "alter publication supabase_realtime add table guarded");
        try (RawSocket socket = server.open("anon")) {
            String message =
                    answer(socket, binding(table("guarded"))).get("message").asText();
            assertThat(message).contains("PolicyMissing: ", "CREATE POLICY");
            runStatementOf(message);
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
            postgres.execute("insert into guarded values (1)");
            assertThat(change(socket).at("/record/id").asInt()).isEqualTo(1);
            postgres.execute("drop policy walcast on guarded");
            assertThat(error(socket)).contains("PolicyMissing: ");
        }
    }

    @Test
    void policiesThatShowNothingWarn() throws Exception {
        postgres.execute(
                "create table mine (id int primary key, owner text); grant select on mine to anon",
                "alter table mine enable row level security",
                "create policy own on mine using (owner = current_setting('request.jwt.claims', true)::json ->> 'sub')",
                "alter publication supabase_realtime add table mine");
        assertThat(warnings("anon", table("mine")))
                .anySatisfy(warning -> assertThat(warning).startsWith("PolicyShowsNothing: "));
    }

    @Test
    void unchangedLargeValueIsReset() throws Exception {
        postgres.execute("alter table notes alter body set storage external");
        String filtered = table("notes") + ",\"filter\":\"body=like.x%\"";
        try (RawSocket socket = server.open("anon")) {
            JsonNode live = answer(socket, binding(filtered));
            assertThat(live.get("warnings"))
                    .anySatisfy(warning -> assertThat(warning.asText())
                            .startsWith("LargeValueUnchanged: ")
                            .contains("ALTER TABLE \"public\".\"notes\" REPLICA IDENTITY FULL;"));
            postgres.execute("insert into notes values (1, 'a', 1, repeat('x', 9000))");
            assertThat(change(socket).get("type").asText()).isEqualTo("INSERT");
            postgres.execute("update notes set n = 2");
            JsonNode reset = socket.receiveJson().get(4);
            while (!reset.at("/resume/0/reason").asText().equals("unchanged_value")) {
                reset = socket.receiveJson().get(4);
            }
            assertThat(reset.at("/resume/0/status").asText()).isEqualTo("reset");
            assertThat(reset.get("position").asText())
                    .isGreaterThan(live.get("position").asText());
        }
        try (RawSocket socket = server.open("anon")) {
            assertThat(answer(socket, binding(table("notes") + ",\"filter\":\"body=eq.short\""))
                            .path("warnings")
                            .toString())
                    .doesNotContain("LargeValueUnchanged");
            postgres.execute("update notes set n = 3", "insert into notes values (2, 'b', 1, 'short')");
            assertThat(change(socket).at("/record/id").asInt()).isEqualTo(2);
            postgres.execute("delete from notes");
        }
    }

    // -- asking

    private static String table(String name) {
        return "\"schema\":\"public\",\"table\":\"" + name + "\"";
    }

    private static String binding(String target) {
        return "{\"event\":\"*\"," + target + "}";
    }

    /// The first `system` message after a join.
    private static JsonNode answer(RawSocket socket, String binding) throws Exception {
        socket.join("realtime:w", "{\"postgres_changes\":[" + binding + "]}");
        JsonNode frame = socket.receiveJson();
        assertThat(frame.get(3).asText()).isEqualTo("system");
        return frame.get(4);
    }

    /// The next change. A test before this one may have changed the publication, which is reported in between.
    private static JsonNode change(RawSocket socket) throws Exception {
        JsonNode frame = socket.receiveJson();
        while (frame.get(3).asText().equals("system")) {
            assertThat(frame.at("/4/resume/0/reason").asText()).isNotEqualTo("unchanged_value");
            frame = socket.receiveJson();
        }
        return frame.at("/4/data");
    }

    /// The text of the next refusal.
    private static String error(RawSocket socket) throws Exception {
        JsonNode told = socket.receiveJson().get(4);
        while (!told.path("status").asText().equals("error")) {
            told = socket.receiveJson().get(4);
        }
        return told.get("message").asText();
    }

    private static String refused(String role, String binding) throws Exception {
        try (RawSocket socket = server.open(role)) {
            JsonNode system = answer(socket, binding);
            assertThat(system.get("status").asText()).as(system.toString()).isEqualTo("error");
            return system.get("message").asText();
        }
    }

    private static String refusal(String role, String target) throws Exception {
        return refused(role, binding(target.contains("\"schema\"") ? target : "\"schema\":\"public\"," + target));
    }

    private static List<String> warnings(String role, String target) throws Exception {
        try (RawSocket socket = server.open(role)) {
            JsonNode system = answer(socket, binding(target));
            assertThat(system.get("status").asText()).as(system.toString()).isEqualTo("ok");
            List<String> warnings = new ArrayList<>();
            system.path("warnings").forEach(warning -> warnings.add(warning.asText()));
            return warnings;
        }
    }

    private static void assertSubscribed(String role, String target) throws Exception {
        List<String> _ = warnings(role, target.contains("\"schema\"") ? target : "\"schema\":\"public\"," + target);
    }

    /// Runs the text after the last colon that is followed by SQL.
    private static void runStatementOf(String message) {
        Matcher statement =
                Pattern.compile("(BEGIN; .*|(?:ALTER|CREATE|GRANT) .*;)$").matcher(message);
        assertThat(statement.find()).as(message).isTrue();
        postgres.execute(statement.group(1));
    }
}
