package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// Rows that were written while the publication did not send them are reported by a reset, never lost silently.
@ParameterizedClass
@EnumSource(ServerSettings.Reader.class)
class PublicationChangeTest {
    private static TestPostgres postgres;

    @Parameter
    private ServerSettings.Reader reader;

    private String slot = "";
    private TestServer server;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table rows (id int primary key); create table quiet (id int primary key)",
                "grant select on rows, quiet to anon");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void startServer() throws Exception {
        postgres.execute(
                "truncate rows, quiet",
                "drop publication if exists supabase_realtime",
                "create publication supabase_realtime for table rows, quiet");
        slot = "p" + UUID.randomUUID().toString().replace("-", "");
        start();
    }

    private void start() throws Exception {
        server = TestServer.start(TestServer.withReader(TestServer.settings(postgres, slot), reader));
    }

    @AfterEach
    void stopServer() {
        server.close();
        postgres.dropSlots();
    }

    @Test
    void droppedAndAddedTableIsReset() throws Exception {
        try (RawSocket socket = server.open("anon");
                RawSocket wild = server.open("anon");
                RawSocket other = server.open("anon")) {
            JsonNode live = join(socket, "\"table\":\"rows\"");
            join(wild, "\"table\":\"*\"");
            join(other, "\"table\":\"quiet\"");
            postgres.execute(
                    "alter publication supabase_realtime drop table rows",
                    "insert into rows values (2)",
                    "alter publication supabase_realtime add table rows");
            JsonNode reset = reset(socket, "publication_changed");
            reset(wild, "publication_changed");
            postgres.execute("insert into rows values (3)");
            assertThat(nextRow(socket)).isEqualTo(3);
            assertThat(nextRow(wild)).isEqualTo(3);
            assertThat(other.untilHeartbeat(false)).isEmpty();
            try (RawSocket back = server.open("anon")) {
                JsonNode told = join(back, resumed("rows", live.get("position").asText()));
                assertThat(told.at("/resume/0/reason").asText()).isEqualTo("expired");
            }
            try (RawSocket back = server.open("anon")) {
                back.join(
                        "realtime:p",
                        bindings(resumed("rows", reset.get("position").asText())));
                assertThat(nextRow(back)).isEqualTo(3);
            }
        }
    }

    @Test
    void setTableAndTruncateAreReset() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            join(socket, "\"table\":\"rows\"");
            postgres.execute("insert into rows values (1)");
            assertThat(nextRow(socket)).isEqualTo(1);
            postgres.execute(
                    "alter publication supabase_realtime set table quiet",
                    "truncate rows",
                    "alter publication supabase_realtime set table quiet, rows");
            reset(socket, "publication_changed");
        }
    }

    @Test
    void tableRenamedAndBackIsReset() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            join(socket, "\"table\":\"rows\"");
            postgres.execute(
                    "alter table rows rename to renamed",
                    "insert into renamed values (2)",
                    "alter table renamed rename to rows");
            reset(socket, "publication_changed");
            postgres.execute("insert into rows values (3)");
            assertThat(nextRow(socket)).isEqualTo(3);
            postgres.execute(
                    "create schema elsewhere; alter table rows set schema elsewhere",
                    "insert into elsewhere.rows values (4)",
                    "alter table elsewhere.rows set schema public");
            reset(socket, "publication_changed");
            postgres.execute("drop schema elsewhere");
        }
    }

    @Test
    void recreatedPublicationIsReset() throws Exception {
        try (RawSocket socket = server.open("anon")) {
            JsonNode live = join(socket, "\"table\":\"rows\"");
            postgres.execute(
                    "drop publication supabase_realtime",
                    "insert into rows values (2)",
                    "create publication supabase_realtime for table rows, quiet");
            JsonNode reset = socket.receiveJson().get(4);
            assertThat(reset.at("/resume/0/status").asText())
                    .as(reset.toString())
                    .isEqualTo("reset");
            try (RawSocket back = server.open("anon")) {
                JsonNode told = join(back, resumed("rows", live.get("position").asText()));
                assertThat(told.at("/resume/0/reason").asText()).isIn("expired", "epoch_changed", "rights_changed");
                postgres.execute("insert into rows values (3)");
                assertThat(nextRow(back)).isEqualTo(3);
                assertThat(nextRow(socket)).isEqualTo(3);
            }
        }
    }

    @Test
    void openTransactionIsResetAtItsEnd() throws Exception {
        try (RawSocket socket = server.open("anon");
                Connection late = postgres.connect();
                Statement statement = late.createStatement()) {
            join(socket, "\"table\":\"rows\"");
            late.setAutoCommit(false);
            postgres.execute("alter publication supabase_realtime drop table rows");
            statement.execute("insert into rows values (2)");
            postgres.execute("alter publication supabase_realtime add table rows");
            reset(socket, "publication_changed");
            late.commit();
            JsonNode next = socket.receiveJson();
            if (next.get(3).asText().equals("postgres_changes")) {
                assertThat(next.at("/4/data/record/id").asInt()).isEqualTo(2);
                next = socket.receiveJson();
            }
            assertThat(next.at("/4/resume/0/reason").asText()).isEqualTo("publication_changed");
        }
    }

    @Test
    void restartAcrossTheChangeIsReset() throws Exception {
        String position;
        try (RawSocket socket = server.open("anon")) {
            position = join(socket, "\"table\":\"rows\"").get("position").asText();
            postgres.execute("insert into quiet values (1)");
        }
        server.close();
        postgres.execute(
                "alter publication supabase_realtime drop table rows",
                "insert into rows values (2)",
                "alter publication supabase_realtime add table rows");
        start();
        try (RawSocket socket = server.open("anon")) {
            JsonNode told = join(socket, resumed("rows", position));
            assertThat(told.at("/resume/0/status").asText()).isEqualTo("reset");
            socket.join("realtime:q", bindings(resumed("quiet", position)));
            assertThat(nextRow(socket)).isEqualTo(1);
        }
    }

    private static String resumed(String table, String position) {
        return "\"table\":\"" + table + "\",\"resume\":\"" + position + "\"";
    }

    private static String bindings(String target) {
        return "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\"," + target + "}]}";
    }

    private static JsonNode join(RawSocket socket, String target) throws Exception {
        socket.join("realtime:p", bindings(target));
        JsonNode system = socket.receiveJson().get(4);
        assertThat(system.get("status").asText()).as(system.toString()).isEqualTo("ok");
        return system;
    }

    /// A reading of rights between two statements of a test finds the table unpublished and refuses it for a moment.
    private static JsonNode reset(RawSocket socket, String reason) throws Exception {
        JsonNode system = socket.receiveJson().get(4);
        boolean refused = system.get("status").asText().equals("error");
        while (system.get("status").asText().equals("error")) {
            system = socket.receiveJson().get(4);
        }
        assertThat(system.at("/resume/0/status").asText()).as(system.toString()).isEqualTo("reset");
        assertThat(system.at("/resume/0/reason").asText()).isEqualTo(refused ? "rights_changed" : reason);
        return system;
    }

    private static int nextRow(RawSocket socket) throws Exception {
        JsonNode change = socket.receiveJson();
        while (!change.get(3).asText().equals("postgres_changes")) {
            change = socket.receiveJson();
        }
        return change.at("/4/data/record/id").asInt();
    }
}
