package dev.walcast.server.clients;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.setup.Migrations;
import dev.walcast.server.setup.SetupException;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The environment of one script: a database, a server, and as many clients of one kind as it needs.
final class Stage implements AutoCloseable {
    static final String ALICE = "11111111-1111-4111-8111-111111111111";
    static final String BOB = "22222222-2222-4222-8222-222222222222";

    private final ClientKind kind;
    private final TestPostgres postgres;
    private final TestServer server;
    private final List<NodeScript> clients = new ArrayList<>();

    Stage(ClientKind kind, TestPostgres postgres, TestServer server) {
        this.kind = kind;
        this.postgres = postgres;
        this.server = server;
    }

    static void prepare(TestPostgres postgres) throws SetupException {
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "grant usage on schema public to anon, authenticated",
                "create table rows (id bigint primary key, room text)",
                "alter table rows replica identity full",
                "create table own (id int primary key, owner uuid); alter table own enable row level security",
                "create policy own on own using (owner = (current_setting('request.jwt.claims')::json ->> 'sub')::uuid)",
                "grant select on own to authenticated",
                "grant select on rows to anon, authenticated",
                "create publication supabase_realtime for table rows, own");
        Migrations.run(PostgresUrl.parse(postgres.url()));
    }

    NodeScript client(String token) throws Exception {
        return client(server.url(), token);
    }

    NodeScript client(String url, String token) throws Exception {
        NodeScript client = kind.start(url, token);
        clients.add(client);
        return client;
    }

    void sql(String... statements) {
        postgres.execute(statements);
    }

    TestPostgres postgres() {
        return postgres;
    }

    static String anon() {
        return TestServer.token("anon");
    }

    static String user(String id) {
        return new TokenIssuer(TestServer.SECRET, Clock.systemUTC())
                .issue("authenticated", Map.of("sub", id), Duration.ofHours(1));
    }

    @Override
    public void close() {
        clients.forEach(NodeScript::close);
    }
}
