package dev.walcast.server.definitions;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.definitions.RecordedImages.Image;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Random changes of definitions among random rows, with both readers. Each delivered row is as its statement saw it,
/// or names what is not exact, and no row is lost without a reset.
///
/// `-Dwalcast.definitions.cases=5000` makes it long. The seed is printed; `-Dwalcast.definitions.seed` repeats one.
class DefinitionsTest {
    private static final int CASES = Integer.getInteger("walcast.definitions.cases", 100);
    private static final int CASES_AT_ONCE = 25;
    private static final int FAULTS_MAX = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final long seed = Long.getLong("walcast.definitions.seed", System.nanoTime());
    private final RecordedImages recorded = new RecordedImages();
    private final List<Client> clients = new ArrayList<>();

    /// One client's subscription, begun again after it was refused.
    private final class Client {
        private final TestServer server;
        private final ReceivedImages told;
        private final @Nullable String table;
        private final String binding;
        private @Nullable ChangeListener listener;

        /// @param table null for the schema public
        Client(TestServer server, String name, @Nullable String table, String binding) {
            this.server = server;
            this.told = new ReceivedImages(name, recorded);
            this.table = table;
            this.binding = binding;
        }

        /// Nothing is joined when the table is not there.
        void join(TestPostgres postgres) throws Exception {
            if (listener != null || (table != null && !isThere(postgres, table))) {
                return;
            }
            listener = ChangeListener.join(server, "alice", binding);
            take(postgres);
        }

        void take(TestPostgres postgres) throws Exception {
            ChangeListener current = listener;
            if (current == null) {
                return;
            }
            boolean served = current.isServedUntilNow(postgres);
            for (String frame : current.frames()) {
                told.take(frame);
            }
            current.frames().clear();
            if (!served) {
                told.refused();
                current.close();
                listener = null;
            }
        }

        void ended(List<Image> images) {
            if (listener != null) {
                told.ended(images, table);
            }
        }
    }

    private static boolean isThere(TestPostgres postgres, String table) throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select exists (select from pg_publication_tables"
                        + " where schemaname || '.' || tablename = '" + table + "')")) {
            return row.next() && row.getBoolean(1);
        }
    }

    @Test
    void rowsMatchTheirDefinition() throws Exception {
        System.out.println("definitions: seed " + seed + ", " + CASES + " transactions");
        List<String> faults = new ArrayList<>();
        try (BothReaders servers = BothReaders.start(RandomDefinitions.preparation());
                RandomDefinitions definitions = new RandomDefinitions(servers.postgres(), new Random(seed))) {
            addClients(servers);
            for (int done = 0; done < CASES && faults.isEmpty(); done += CASES_AT_ONCE) {
                for (Client client : clients) {
                    client.join(servers.postgres());
                }
                for (int i = 0; i < CASES_AT_ONCE; i++) {
                    definitions.step();
                }
                List<Image> images = recorded.read(servers.postgres());
                for (Client client : clients) {
                    client.take(servers.postgres());
                    client.ended(images);
                    faults.addAll(client.told.faults());
                }
            }
            finish(servers, faults);
        }
        clients.forEach(client -> System.out.println("definitions: " + client.told.summary()));
        assertThat(faults.stream().limit(FAULTS_MAX)).as("seed " + seed).isEmpty();
    }

    private void addClients(BothReaders servers) {
        for (int i = 0; i < servers.servers().size(); i++) {
            String reader = ServerSettings.Reader.values()[i].name();
            TestServer server = servers.servers().get(i);
            clients.add(new Client(server, reader + " public", null, "{\"event\":\"*\",\"schema\":\"public\"}"));
            clients.add(new Client(
                    server, reader + " t0", "public.t0", "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"t0\"}"));
            clients.add(new Client(
                    server,
                    reader + " filter",
                    "public.t1",
                    "{\"event\":\"*\",\"schema\":\"public\",\"table\":\"t1\",\"filter\":\"op=gt.0\"}"));
        }
    }

    /// Every pending reset is sent within a second.
    private void finish(BothReaders servers, List<String> faults) throws Exception {
        for (Client client : clients) {
            long deadline = System.nanoTime() + PATIENCE.toNanos();
            do {
                client.take(servers.postgres());
            } while (client.told.isOwed() && System.nanoTime() - deadline < 0);
            client.told.over();
            faults.addAll(client.told.faults());
            if (client.listener != null) {
                client.listener.close();
            }
        }
    }
}
