package dev.walcast.server.definitions;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A server with each reader on the same database. The publication contains the table `ends`.
final class BothReaders implements AutoCloseable {
    private final TestPostgres postgres;
    private final List<TestServer> servers = new ArrayList<>();

    private BothReaders(TestPostgres postgres) {
        this.postgres = postgres;
    }

    static BothReaders start(String... statements) throws Exception {
        BothReaders started = new BothReaders(TestPostgres.start());
        started.postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "create table ends (n int); grant select on ends to authenticated",
                "alter default privileges in schema public grant select on tables to authenticated");
        started.postgres.execute(statements);
        for (ServerSettings.Reader reader : ServerSettings.Reader.values()) {
            String slot = "slot_" + reader.name().toLowerCase(Locale.ROOT);
            started.servers.add(
                    TestServer.start(TestServer.withReader(TestServer.settings(started.postgres, slot), reader)));
        }
        return started;
    }

    TestPostgres postgres() {
        return postgres;
    }

    /// In the order of [ServerSettings.Reader].
    List<TestServer> servers() {
        return servers;
    }

    /// A subscription on each server.
    List<ChangeListener> join(String... bindings) throws Exception {
        List<ChangeListener> listeners = new ArrayList<>();
        for (TestServer server : servers) {
            listeners.add(ChangeListener.join(server, "alice", bindings).past(postgres));
        }
        return listeners;
    }

    @Override
    public void close() throws Exception {
        servers.forEach(TestServer::close);
        postgres.close();
    }
}
