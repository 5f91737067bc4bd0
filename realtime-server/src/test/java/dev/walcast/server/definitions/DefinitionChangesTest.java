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

/// A row is read by the definitions of its own moment, or what is not known of them is named, with both readers.
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

    /// What each reader's client was told of a table: the records with what they lack, and the reasons to read anew.
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

    @Test
    void fieldsAreThoseOfTheRowsMoment() throws Exception {
        servers.postgres()
                .execute("create type address as (street text, no int)", "create table homes (id int primary key, a address)");
        List<ChangeListener> listeners = servers.join(all("homes"));
        servers.postgres().execute("insert into homes values (1, row('s', 1))");
        assertThat(told(listeners)).allSatisfy(told -> assertThat(told).containsExactly("{\"id\":1,\"a\":{\"no\":1,\"street\":\"s\"}}"));
        for (String change : List.of(
                "alter type address drop attribute no",
                "alter type address add attribute town text",
                "alter type address rename attribute town to city",
                "alter type address add attribute no int")) {
            servers.postgres().execute(change, "insert into homes (id, a.street) values (2, 's'); delete from homes where id = 2");
            System.out.println("after " + change + ": " + told(listeners));
            servers.postgres().execute("insert into homes (id, a.street) values (3, 't'); delete from homes where id = 3");
            System.out.println("then: " + told(listeners));
        }
        close(listeners);
    }

    @Test
    void rowAfterATypeChangeMeetsTheFilter() throws Exception {
        servers.postgres().execute("create table nums (id int primary key, n int)");
        for (int i = 0; i < 10; i++) {
            servers.postgres().execute("truncate nums; alter table nums alter n type int");
            List<ChangeListener> listeners = servers.join(filtered("nums", "n=gt.50"));
            servers.postgres().execute("insert into nums values (1, 60)", "alter table nums alter n type bigint", "insert into nums values (2, 70)");
            System.out.println("type change: " + told(listeners));
            close(listeners);
        }
    }

    @Test
    void columnsAreThoseOfTheRowsMoment() throws Exception {
        servers.postgres().execute("create table cols (id int primary key, a text)");
        List<ChangeListener> listeners = servers.join(all("cols"));
        servers.postgres()
                .execute(
                        "insert into cols values (1, 'x')",
                        "begin; alter table cols add b text; update cols set b = upper(a); alter table cols rename b to c; commit",
                        "insert into cols values (2, 'y', 'z')");
        System.out.println("columns: " + told(listeners));
        close(listeners);
    }

    @Test
    void swappedNamesDoNotShowHiddenValues() throws Exception {
        servers.postgres()
                .execute(
                        "create table secrets (id int primary key, a text, b text)",
                        "revoke select on secrets from authenticated; grant select (id, a) on secrets to authenticated");
        List<ChangeListener> listeners = servers.join(all("secrets"));
        servers.postgres()
                .execute(
                        "insert into secrets values (1, 'open', 'secret')",
                        "begin; insert into secrets values (2, 'open', 'secret');"
                                + " alter table secrets rename a to t; alter table secrets rename b to a; alter table secrets rename t to b;"
                                + " insert into secrets (id, a, b) values (3, 'secret', 'open'); commit",
                        "insert into secrets (id, a, b) values (4, 'secret', 'open')");
        System.out.println("swap: " + told(listeners));
        close(listeners);
    }
}
