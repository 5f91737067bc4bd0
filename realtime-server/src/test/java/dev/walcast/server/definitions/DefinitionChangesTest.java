package dev.walcast.server.definitions;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.server.testing.ChangeListener;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// With both readers, a row is decoded by the definitions of its own time, and unknown values are named as missing.
class DefinitionChangesTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static BothReaders servers;

    @BeforeAll
    static void start() throws Exception {
        servers = BothReaders.start("create publication supabase_realtime for all tables");
    }

    @AfterAll
    static void stop() throws Exception {
        servers.close();
    }

    private static String all(String table) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"}";
    }

    private static String filtered(String table, String filter) {
        return "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\",\"filter\":\"" + filter + "\"}";
    }

    /// What each reader's client received: the records with their missing values, and the reasons of resets.
    private static List<List<String>> told(List<ChangeListener> listeners) throws Exception {
        List<List<String>> all = new ArrayList<>();
        for (ChangeListener listener : listeners) {
            listener.toldAmongNews(servers.postgres());
            List<String> told = new ArrayList<>();
            for (String frame : listener.frames()) {
                JsonNode payload = JSON.readTree(frame).get(4);
                JsonNode data = payload.path("data");
                if (data.has("record") && !data.path("table").asText().equals("ends")) {
                    told.add(data.get("record") + (data.has("missing") ? " missing " + data.get("missing") : ""));
                }
                for (JsonNode binding : payload.path("resume")) {
                    if (binding.path("status").asText().equals("reset")) {
                        told.add("reset " + binding.get("reason").asText());
                    }
                }
                if (!payload.path("status").asText("ok").equals("ok")) {
                    told.add(payload.path("message").asText());
                }
            }
            listener.frames().clear();
            all.add(told);
        }
        return all;
    }

    private static void close(List<ChangeListener> listeners) throws Exception {
        for (ChangeListener listener : listeners) {
            listener.close();
        }
    }

    private static void execute(String... statements) {
        servers.postgres().execute(statements);
    }

    private enum FieldChange {
        DROP("alter type address drop attribute no", "{\"street\":\"s\"}"),
        ADD("alter type address add attribute town text", "{\"town\":null,\"street\":\"s\"}"),
        RENAME("alter type address rename attribute town to city", "{\"city\":null,\"street\":\"s\"}"),
        ADD_AGAIN("alter type address add attribute no int", "{\"no\":null,\"city\":null,\"street\":\"s\"}");

        private final String statement;
        private final String value;

        FieldChange(String statement, String value) {
            this.statement = statement;
            this.value = value;
        }

        String record(int id) {
            return "{\"id\":" + id + ",\"a\":" + value + ",\"many\":[" + value + "],\"named\":" + value + "}";
        }
    }

    @Test
    void fieldsMatchTheRowsDefinition() throws Exception {
        execute(
                "create type address as (street text, no int); create domain named_address as address",
                "create table homes (id int primary key, a address, many address[], named named_address)");
        List<ChangeListener> listeners = servers.join(all("homes"));
        execute("insert into homes (id, a) values (1, row('s', 1))");
        assertThat(told(listeners)).allSatisfy(told -> assertThat(told).containsExactly("""
                                {"id":1,"a":{"no":1,"street":"s"},"many":null,"named":null}"""));
        for (FieldChange change : FieldChange.values()) {
            execute(change.statement, home(2));
            String unknown = """
                    {"id":2} missing {"a":"not_exact","many":"not_exact","named":"not_exact"}""";
            assertThat(told(listeners))
                    .allSatisfy(told -> assertThat(told).singleElement().isIn(unknown, change.record(2)));
            execute(home(3));
            assertThat(told(listeners)).allSatisfy(told -> assertThat(told).containsExactly(change.record(3)));
        }
        close(listeners);
    }

    private static String home(int id) {
        return "insert into homes select " + id + ", a, array[a], a from jsonb_populate_record(null::address,"
                + " '{\"street\": \"s\"}') as a; delete from homes where id = " + id;
    }

    @Test
    void fieldsOfRowTypeFollowItsTable() throws Exception {
        execute("create table items (k int, v text); create table boxes (id int primary key, item items)");
        List<ChangeListener> listeners = servers.join(all("boxes"));
        execute("alter table items rename column v to w; alter table items add column x int");
        execute("insert into boxes values (1, row(1, 'w', null))");
        told(listeners);
        execute("insert into boxes values (2, row(1, 'w', 5))");
        assertThat(told(listeners))
                .allSatisfy(
                        told -> assertThat(told).containsExactly("{\"id\":2,\"item\":{\"k\":1,\"w\":\"w\",\"x\":5}}"));
        close(listeners);
    }

    @Test
    void typeChangeLosesNoFilteredRow() throws Exception {
        execute("create table nums (id int primary key, n int)");
        for (int i = 0; i < 4; i++) {
            execute("truncate nums; alter table nums alter n type int");
            List<ChangeListener> listeners = servers.join(filtered("nums", "n=gt.50"));
            execute(
                    "insert into nums values (1, 60)",
                    "alter table nums alter n type bigint",
                    "insert into nums values (2, 70), (3, 20)");
            assertThat(told(listeners)).allSatisfy(told -> {
                assertThat(told).hasSize(2).endsWith("{\"id\":2,\"n\":70}");
                assertThat(told.getFirst()).isIn("{\"id\":1,\"n\":60}", "reset schema_changed");
            });
            close(listeners);
        }
    }

    @Test
    void renamedPolicyColumnLosesNoRow() throws Exception {
        execute(
                "create table owned (id int primary key, owner text); alter table owned enable row level security",
                "create policy p on owned using (owner = 'alice')");
        List<ChangeListener> listeners = servers.join(all("owned"));
        execute(
                "insert into owned values (1, 'alice'), (2, 'bob')",
                "alter table owned rename owner to keeper",
                "insert into owned values (3, 'alice'), (4, 'bob')");
        assertThat(told(listeners)).allSatisfy(told -> {
            assertThat(told).hasSize(2).endsWith("{\"id\":3,\"keeper\":\"alice\"}");
            assertThat(told.getFirst()).isIn("{\"id\":1,\"owner\":\"alice\"}", "reset schema_changed");
        });
        close(listeners);
    }

    @Test
    void rowBeforePolicyColumnIsReset() throws Exception {
        execute(
                "create table tenants (id int primary key); alter table tenants enable row level security",
                "create policy p on tenants using (true)");
        List<ChangeListener> listeners = servers.join(all("tenants"));
        execute(
                "begin; insert into tenants values (1); alter table tenants add owner text default 'alice';"
                        + " alter policy p on tenants using (owner = 'alice'); insert into tenants values (2, 'alice'), (3, 'bob'); commit");
        assertThat(told(listeners))
                .allSatisfy(told -> assertThat(told)
                        .contains("reset schema_changed", "{\"id\":2,\"owner\":\"alice\"}")
                        .hasSize(2));
        close(listeners);
    }

    @Test
    void columnsMatchTheRowsDefinition() throws Exception {
        execute("create table cols (id int primary key, a text)");
        List<ChangeListener> listeners = servers.join(all("cols"));
        execute(
                "insert into cols values (1, 'x')",
                "begin; alter table cols add b text; update cols set b = upper(a);"
                        + " alter table cols rename b to c; commit",
                "insert into cols values (2, 'y', 'z')");
        assertThat(told(listeners))
                .allSatisfy(told -> assertThat(told)
                        .containsExactly(
                                "{\"id\":1,\"a\":\"x\"}",
                                "{\"id\":1,\"a\":\"x\",\"b\":\"X\"}",
                                "{\"id\":2,\"a\":\"y\",\"c\":\"z\"}"));
        close(listeners);
    }

    @Test
    void droppedColumnIsNamedAsMissing() throws Exception {
        execute("create table short (id int primary key, a text, b text)");
        List<ChangeListener> listeners = servers.join(all("short"));
        execute("begin; insert into short values (1, 'x', 'y'); alter table short drop column b; commit");
        assertThat(told(listeners))
                .allSatisfy(told ->
                        assertThat(told).containsExactly("{\"id\":1,\"a\":\"x\"} missing {\"b\":\"not_exact\"}"));
        close(listeners);
    }

    @Test
    void swappedNamesDoNotShowHiddenValues() throws Exception {
        execute(
                "create table secrets (id int primary key, a text, b text)",
                "revoke select on secrets from authenticated; grant select (id, a) on secrets to authenticated");
        List<ChangeListener> listeners = servers.join(all("secrets"));
        String position = listeners.getFirst().position();
        String rename = "alter table secrets rename ";
        execute(
                "insert into secrets values (1, 'open', 'secret')",
                "begin; insert into secrets values (2, 'open', 'secret');" + rename + "a to t;" + rename + "b to a;"
                        + rename + "t to b; insert into secrets (id, a, b) values (3, 'secret', 'open'); commit",
                "insert into secrets (id, a, b) values (4, 'secret', 'open')");
        assertThat(told(listeners))
                .allSatisfy(told -> assertThat(told)
                        .containsExactly(
                                "{\"id\":1,\"a\":\"open\"}",
                                "{\"id\":2,\"a\":\"open\"}",
                                "{\"id\":3,\"b\":\"open\"}",
                                "{\"id\":4,\"b\":\"open\"}"));
        close(listeners);
        try (ChangeListener later = ChangeListener.join(
                servers.servers().getFirst(),
                "alice",
                all("secrets").replace("}", ",\"resume\":\"" + position + "\"}"))) {
            assertThat(later.frames().toString()).doesNotContain("\"secret\"");
        }
    }

    @Test
    void newColumnDoesNotShowOldValues() throws Exception {
        execute(
                "create table again (id int primary key, a text, b text)",
                "revoke select on again from authenticated; grant select (id, a) on again to authenticated");
        List<ChangeListener> listeners = servers.join(all("again"));
        execute(
                "insert into again values (1, 'open', 'secret')",
                "begin; insert into again values (2, 'open', 'secret'); alter table again drop column b;"
                        + " alter table again add column b text; grant select (b) on again to authenticated; commit",
                "insert into again values (3, 'open', 'shown')");
        assertThat(told(listeners).toString()).doesNotContain("secret");
        execute("insert into again values (4, 'open', 'shown')");
        assertThat(told(listeners))
                .allSatisfy(told -> assertThat(told).containsExactly("{\"id\":4,\"a\":\"open\",\"b\":\"shown\"}"));
        close(listeners);
    }
}
