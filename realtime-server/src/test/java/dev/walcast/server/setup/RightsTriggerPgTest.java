package dev.walcast.server.setup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The announcements of the event triggers of `walcast setup`, which do not disturb an application's commands.
class RightsTriggerPgTest {
    private static TestPostgres postgres;

    @BeforeAll
    static void start() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role app login; create role other; grant create on schema public to app",
                "set role app; create table notes (id int primary key); reset role",
                SetupScript.rightsTrigger(),
                SetupScript.rightsTrigger());
        announced();
    }

    @AfterAll
    static void stop() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void createSlot() {
        postgres.execute("select pg_create_logical_replication_slot('announced', 'test_decoding')");
    }

    /// The announcements since the last call, as tags of the commands.
    private static List<String> announced() throws Exception {
        if (MessagesDatabase.query(postgres, "select 1 from pg_replication_slots")
                .isEmpty()) {
            return List.of();
        }
        postgres.execute("set synchronous_commit = on; select pg_logical_emit_message(true, 'flush', '')");
        List<String> tags = MessagesDatabase.query(
                postgres,
                "select substring(data from 'content:(.*)') from pg_logical_slot_get_changes('announced', null, null)"
                        + " where data like 'message: transactional: 1 prefix: walcast.rights,%'");
        postgres.execute("select pg_drop_replication_slot('announced')");
        return tags;
    }

    @Test
    void eachChangeOfRightsIsAnnounced() throws Exception {
        postgres.execute(
                "set role app; create policy p on notes using (true); alter policy p on notes using (false);"
                        + " drop policy p on notes; alter table notes enable row level security;"
                        + " grant select on notes to other; revoke select (id) on notes from other; reset role",
                "grant usage on schema public to other; alter schema public owner to app",
                "create function f() returns int language sql as 'select 1'; alter function f() owner to other;"
                        + " drop function f()",
                "create table gone (id int); drop table gone",
                "grant select on notes to other; drop owned by other",
                "do $$ begin grant select on notes to other; end $$",
                "set session_replication_role = replica; revoke select on notes from other");
        assertThat(announced())
                .containsExactly(
                        "CREATE POLICY",
                        "ALTER POLICY",
                        "DROP POLICY",
                        "ALTER TABLE",
                        "GRANT",
                        "REVOKE",
                        "GRANT",
                        "ALTER SCHEMA",
                        "CREATE FUNCTION",
                        "ALTER FUNCTION",
                        "DROP FUNCTION",
                        "DROP TABLE",
                        "GRANT",
                        "DROP OWNED",
                        "GRANT",
                        "REVOKE");
    }

    /// Postgres 14 does not distinguish a temporary table's default from others.
    @Test
    void commandsThatChangeNoRightsAreNotAnnounced() throws Exception {
        postgres.execute(
                "create temp table t (id int primary key); create index on t (id); drop table t;"
                        + " drop table if exists missing",
                "create table kept (id serial primary key, v text); create index on kept (v); reindex table kept;"
                        + " comment on table kept is 'x'; create statistics s on id, v from kept",
                "create materialized view seen as select 1; refresh materialized view seen",
                "begin read only; reindex table kept; commit",
                "begin; savepoint s; grant select on kept to other; rollback to s; commit");
        assertThat(announced()).containsExactly("CREATE MATERIALIZED VIEW");
    }

    /// Roles belong to all databases, and Postgres has no event for them.
    @Test
    void changesOfRolesAreNotAnnounced() throws Exception {
        postgres.execute("grant other to app; revoke other from app; alter role other bypassrls");
        assertThat(announced()).isEmpty();
    }

    /// An administrator may keep ordinary roles from writing such messages.
    @Test
    void announcedForRoleWithoutMessageRights() throws Exception {
        postgres.execute(
                "do $$ declare f text; begin foreach f in array array(select oid::regprocedure::text from pg_proc"
                        + " where proname = 'pg_logical_emit_message') loop"
                        + " execute 'revoke execute on function ' || f || ' from public'; end loop; end $$");
        announced();
        createSlot();
        postgres.execute("set role app; alter table notes disable row level security; create table mine (id int);"
                + " drop table mine");
        assertThat(announced()).containsExactly("ALTER TABLE", "DROP TABLE");
    }

    @Test
    void noRoleCanReplaceTheFunctions() throws Exception {
        assertThat(
                        MessagesDatabase.query(
                                postgres,
                                "select count(*), bool_and(rolsuper), bool_and(proconfig = '{\"search_path=pg_catalog, pg_temp\"}'),"
                                        + " bool_or(has_schema_privilege('app', 'walcast_rights', 'create')) from pg_proc"
                                        + " join pg_roles r on r.oid = proowner where pronamespace = 'walcast_rights'::regnamespace"))
                .containsExactly("2,t,t,f");
        announced();
    }
}
