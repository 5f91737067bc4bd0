package dev.walcast.server.rights;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.setup.SetupScript;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;

/// Roles, functions and the table of members, equal in the server's database and in the judge's.
final class RightsDatabase {
    static final List<String> TABLES = List.of("public.a", "public.b", "app.c", "app.d");
    static final List<String> ROLES = List.of("anon", "authenticated", "editor", "service_role", TestViewer.OUTSIDER);
    static final int ROOMS = 6;

    /// With a moment between a commit's record in the log and its visibility.
    static TestPostgres start() {
        return TestPostgres.start(
                Map.of("synchronous_commit", "on", "fsync", "on", "commit_delay", "1000", "commit_siblings", "1"));
    }

    private RightsDatabase() {}

    /// @param isAnnounced whether event triggers announce changes of rights
    static void prepareLive(TestPostgres postgres, boolean isAnnounced) throws SQLException {
        try (Connection connection = postgres.connect()) {
            TransactionLog.createSlot(connection);
        }
        prepare(postgres, "postgres");
        postgres.execute("create publication supabase_realtime for table public.members");
        if (isAnnounced) {
            postgres.execute(SetupScript.rightsTrigger());
        }
    }

    static void prepare(TestPostgres postgres, String database) throws SQLException {
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements()) {
                statement.execute(sql);
            }
        }
    }

    private static List<String> statements() {
        return List.of(
                createRole("anon", "nologin"),
                createRole("authenticated", "nologin"),
                createRole("editor", "nologin"),
                createRole("service_role", "nologin bypassrls"),
                createRole(TestViewer.OUTSIDER, "nologin"),
                createRole("walcast", "login replication"),
                "grant anon, authenticated, editor, service_role to walcast",
                "revoke editor from authenticated, anon",
                "alter role editor nobypassrls; alter role authenticated inherit",
                "create schema app; grant usage on schema app to public",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.jwt() returns jsonb language sql stable as $$ select"
                        + " coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$",
                "create function auth.uid() returns text language sql stable as $$ select auth.jwt() ->> 'sub' $$",
                "create table public.members (room int, person text, primary key (room, person));"
                        + " grant select on public.members to public",
                "insert into public.members values (1, 'u1'), (2, 'u2'), (3, 'u3'), (4, 'u1')",
                "create sequence public.asked; grant usage on sequence public.asked to public",
                function(
                        "is_member(r int) returns bool",
                        "sql stable",
                        "select exists (select from public.members" + " where room = r and person = auth.uid())"),
                function(
                        "is_member_volatile(r int) returns bool",
                        "plpgsql volatile",
                        "begin return exists (select"
                                + " from public.members where room = r and person = auth.uid()); end"),
                function(
                        "is_member_definer(r int) returns bool",
                        "sql stable security definer",
                        "select exists" + " (select from public.members where room = r and person = auth.uid())"),
                function(
                        "memo_uid() returns text",
                        "plpgsql volatile",
                        "begin if coalesce(current_setting('app.uid',"
                                + " true), '') = '' then perform set_config('app.uid', coalesce(auth.uid(), '-'), true); end if;"
                                + " return current_setting('app.uid'); end"),
                function(
                        "table_uid() returns text",
                        "plpgsql volatile",
                        "begin if to_regclass('pg_temp.memo') is null"
                                + " then create temp table memo on commit drop as select coalesce(auth.uid(), '-') as u; end if;"
                                + " return (select u from pg_temp.memo); end"),
                function(
                        "immutable_uid() returns text",
                        "sql immutable",
                        "select nullif(current_setting(" + "'request.jwt.claims', true), '')::json ->> 'sub'"),
                function(
                        "careful(k text) returns bool",
                        "plpgsql stable",
                        "begin return 1 / (case when k = 'k3' then 0"
                                + " else 1 end) = 1; exception when division_by_zero then return false; end"),
                function(
                        "raising(r int) returns bool",
                        "plpgsql stable",
                        "begin if r = 5 then raise exception 'never" + " tell this'; end if; return r < 4; end"),
                function("counted() returns bool", "sql volatile", "select nextval('public.asked') > 0"),
                function(
                        "locked(r int) returns bool",
                        "plpgsql volatile",
                        "begin perform" + " pg_advisory_lock_shared(r); return true; end"),
                switchable("false"));
    }

    /// A function that plans may be folded from.
    static String switchable(String body) {
        return "create or replace function public.switchable() returns bool language sql stable as $$ select " + body
                + " $$";
    }

    private static String function(String signature, String language, String body) {
        return "create function public." + signature + " language " + language + " as $$ " + body + " $$";
    }

    /// Both databases of the judge share their roles.
    private static String createRole(String role, String options) {
        return "do $$ begin create role " + role + " " + options
                + "; exception when duplicate_object then null; end $$";
    }
}
