package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/// Delivers a row from the common Postgres image, when a Docker engine is available.
class ContainerPostgresTest {
    private static final int PORT = 5432;

    @Test
    void rowOfContainerReachesSocket() throws Exception {
        boolean engine = DockerClientFactory.instance().isDockerAvailable();
        assumeTrue(engine, "no Docker engine answers here");
        try (GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse("postgres:18"))) {
            container
                    .withEnv("POSTGRES_PASSWORD", "secret")
                    .withCommand("postgres", "-c", "wal_level=logical")
                    .withExposedPorts(PORT)
                    .waitingFor(Wait.forSuccessfulCommand("pg_isready -q -h 127.0.0.1 -U postgres"));
            container.start();
            String address = container.getHost() + ":" + container.getMappedPort(PORT) + "/postgres";
            try (Connection connection =
                            DriverManager.getConnection("jdbc:postgresql://" + address, "postgres", "secret");
                    Statement statement = connection.createStatement()) {
                statement.execute("create role anon; create table notes (id int primary key, body text);"
                        + " grant select on notes to anon; create publication supabase_realtime for table notes");
                deliverOneRow("postgres://postgres:secret@" + address, statement);
            }
        }
    }

    private static void deliverOneRow(String url, Statement statement) throws Exception {
        try (TestServer server = TestServer.start(TestServer.settings(url, "container"));
                RawSocket socket = server.open("anon")) {
            socket.join(
                    "realtime:notes",
                    "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"notes\"}]}");
            assertThat(socket.receiveJson().at("/4/status").asText()).isEqualTo("ok");
            statement.execute("insert into notes values (1, 'from a container')");
            JsonNode change = socket.receiveJson();
            assertThat(change.at("/4/data/record/body").asText()).isEqualTo("from a container");
        }
    }
}
