package dev.walcast.server.setup;

import static dev.walcast.server.setup.MessagesDatabase.query;
import static dev.walcast.server.setup.MessagesDatabase.warnings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The schema `realtime`, created by a role that is no superuser, and the effects of its functions.
class MigrationsPgTest {
    private static TestPostgres postgres;
    private static PostgresUrl server;

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        server = MessagesDatabase.prepare(postgres);
        assertThat(Migrations.run(server)).isEqualTo(3);
        assertThat(Migrations.run(server)).isZero();
        new PartitionUpkeep(MessagesDatabase.dataSource(postgres), Clock.systemUTC(), Duration.ofHours(72)).once();
        postgres.execute(
                "create table notes (id int primary key, v text)",
                "create function tell() returns trigger language plpgsql security definer as $$ begin perform"
                        + " realtime.broadcast_changes('room:notes', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);"
                        + " return coalesce(new, old); end $$",
                "create trigger tell after insert or update or delete on notes for each row execute function tell()");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void empty() {
        postgres.execute("truncate realtime.messages, notes");
    }

    @Test
    void everythingBelongsToTheServersRole() throws Exception {
        try (Connection connection = Setup.connect(server)) {
            Installation found = Installation.of(connection);
            assertThat(found)
                    .isEqualTo(new Installation(
                            true, true, "walcast", false, true, true, true, Set.of(Installation.PUBLICATION)));
            assertThat(found.missing("walcast", List.of("supabase_realtime", Installation.PUBLICATION)))
                    .isEmpty();
            assertThat(query(connection, "select rolsuper, rolbypassrls from pg_roles where rolname = current_user"))
                    .containsExactly("f,f");
        }
        assertThat(query(postgres, "select count(*) from pg_extension where extname <> 'plpgsql'"))
                .containsExactly("0");
    }

    @Test
    void sendAddsIdToPayload() throws Exception {
        postgres.execute(
                "select realtime.send('{\"a\":1}', 'evt', 'room:1')",
                "select realtime.send('{\"id\":\"mine\"}', 'evt', 'room:1', false)");
        assertThat(query(
                        postgres,
                        "select topic, event, extension, private, payload = jsonb_build_object('a', 1, 'id', id),"
                                + " payload->>'id' = 'mine' from realtime.messages order by private desc"))
                .containsExactly("room:1,evt,broadcast,t,t,f", "room:1,evt,broadcast,f,f,t");
    }

    @Test
    void failedSendIsAWarning() throws Exception {
        try (Connection connection = postgres.connect()) {
            for (String payload : List.of("'[1,2]'", "'5'", "'\"text\"'", "'null'", "null")) {
                assertThat(warnings(connection, "select realtime.send(" + payload + "::jsonb, 'e', 't')"))
                        .as(payload)
                        .singleElement()
                        .asString()
                        .startsWith("ErrorSendingBroadcastMessage: ");
            }
            assertThat(warnings(connection, "select realtime.send('{}', 'e', null)"))
                    .hasSize(1);
            assertThat(warnings(connection, "select realtime.send_binary(null, 'e', 't')"))
                    .hasSize(1);
        }
        assertThat(query(postgres, "select count(*) from realtime.messages")).containsExactly("0");
    }

    @Test
    void bytesAreStoredUnchanged() throws Exception {
        postgres.execute("select realtime.send_binary('\\x000102ff', 'bin', 'room:1')");
        assertThat(query(postgres, "select binary_payload, payload, private from realtime.messages"))
                .containsExactly("\\x000102ff,null,t");
    }

    @Test
    void broadcastChangesSendsBothRows() throws Exception {
        postgres.execute("insert into notes values (1, 'one')", "update notes set v = 'two'", "delete from notes");
        assertThat(query(
                        postgres,
                        "select event, private, payload - 'id', payload->>'id' = id::text from realtime.messages"
                                + " order by inserted_at"))
                .containsExactly(
                        "INSERT,t,{\"table\": \"notes\", \"record\": {\"v\": \"one\", \"id\": 1}, \"schema\": \"public\","
                                + " \"operation\": \"INSERT\", \"old_record\": null},t",
                        "UPDATE,t,{\"table\": \"notes\", \"record\": {\"v\": \"two\", \"id\": 1}, \"schema\": \"public\","
                                + " \"operation\": \"UPDATE\", \"old_record\": {\"v\": \"one\", \"id\": 1}},t",
                        "DELETE,t,{\"table\": \"notes\", \"record\": null, \"schema\": \"public\","
                                + " \"operation\": \"DELETE\", \"old_record\": {\"v\": \"two\", \"id\": 1}},t");
    }

    @Test
    void broadcastChangesRefusesStatementTriggers() {
        assertThatThrownBy(() -> query(
                        postgres,
                        "select realtime.broadcast_changes('t', 'e', 'INSERT', 'notes', 'public', null::notes,"
                                + " null::notes, 'STATEMENT')"))
                .isInstanceOf(SQLException.class)
                .hasMessageContaining("for each row only");
    }

    @Test
    void sendFollowsPoliciesOfTheRole() throws Exception {
        postgres.execute("create policy speak on realtime.messages for insert to authenticated"
                + " with check (realtime.topic() = 'room:open' and topic = 'room:open')");
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            statement.execute("set role authenticated; begin");
            assertThat(warnings(connection, "select realtime.send('{}', 'e', 'room:open')"))
                    .isEmpty();
            assertThat(warnings(connection, "select realtime.send('{}', 'e', 'room:closed')"))
                    .singleElement()
                    .asString()
                    .contains("row-level security");
            assertThat(query(connection, "select realtime.topic()")).containsExactly("null");
            statement.execute("commit; reset role");
            assertThat(query(connection, "select topic from realtime.messages")).containsExactly("room:open");
            statement.execute("set role anon");
            assertThat(warnings(connection, "select realtime.send('{}', 'e', 'room:open')"))
                    .hasSize(1);
        } finally {
            postgres.execute("drop policy speak on realtime.messages");
        }
    }

    @Test
    void rowHasOnePayload() {
        assertThatThrownBy(() -> query(
                        postgres,
                        "insert into realtime.messages (topic, extension, payload, binary_payload) values ('t', 'broadcast',"
                                + " '{}', '\\x00') returning id"))
                .hasMessageContaining("messages_one_payload");
    }

    @Test
    void partitionsEnforcePolicies() throws Exception {
        assertThat(query(
                        postgres,
                        "select count(*) > 0, bool_and(c.relrowsecurity) from pg_inherits i join pg_class c on c.oid ="
                                + " i.inhrelid where i.inhparent = 'realtime.messages'::regclass"))
                .containsExactly("t,t");
    }
}
