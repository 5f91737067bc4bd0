package dev.walcast.server.rights;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A server with each reader, on one database with the roles `anon`, `authenticated` and `walcast` and the functions
/// `auth.jwt()` and `auth.uid()`, whose tables are all published.
final class TwoServers implements AutoCloseable {
    private final TestPostgres postgres;
    private final List<TestServer> servers = new ArrayList<>();

    private TwoServers(TestPostgres postgres) {
        this.postgres = postgres;
    }

    static TwoServers start(String... statements) throws Exception {
        TestPostgres postgres = TestPostgres.start();
        TwoServers started = new TwoServers(postgres);
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create role walcast login replication; grant anon, authenticated to walcast",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.jwt() returns jsonb language sql stable as $$ select"
                        + " coalesce(nullif(current_setting('request.jwt.claims', true), ''), '{}')::jsonb $$",
                "create function auth.uid() returns text language sql stable as $$ select auth.jwt() ->> 'sub' $$",
                "create publication supabase_realtime for all tables");
        postgres.execute(statements);
        for (ServerSettings.Reader reader : ServerSettings.Reader.values()) {
            started.servers.add(server(postgres, reader));
        }
        return started;
    }

    static TestServer server(TestPostgres postgres, ServerSettings.Reader reader) throws Exception {
        String url = postgres.url("postgres", "walcast", "unchecked", "postgres");
        String slot = "rights_" + reader.name().toLowerCase(Locale.ROOT);
        return TestServer.start(TestServer.withReader(TestServer.settings(url, slot), reader));
    }

    TestPostgres postgres() {
        return postgres;
    }

    void execute(String... statements) {
        postgres.execute(statements);
    }

    /// In the order of [ServerSettings.Reader].
    List<TestServer> servers() {
        return servers;
    }

    /// A connection to each server.
    List<Listener> connect() throws Exception {
        List<Listener> listeners = new ArrayList<>();
        for (TestServer server : servers) {
            listeners.add(Listener.connect(server));
        }
        return listeners;
    }

    @Override
    public void close() throws Exception {
        servers.forEach(TestServer::close);
        postgres.close();
    }
}
