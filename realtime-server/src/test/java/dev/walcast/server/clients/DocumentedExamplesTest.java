package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the JavaScript of README.md and `docs` unchanged except for the server's address, and checks what the
/// documents promise.
class DocumentedExamplesTest {
    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        if (NodeScript.whyNot() != null) {
            return;
        }
        postgres = TestPostgres.start();
        ExampleStage.prepare(postgres);
        server = TestServer.start(postgres);
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
            postgres.close();
        }
    }

    static List<DocumentedBlock> blocks() throws IOException {
        return DocumentedBlock.all();
    }

    @ParameterizedTest
    @MethodSource("blocks")
    void exampleDoesWhatItsDocumentSays(DocumentedBlock block) throws Exception {
        Optional<Example> example = Example.of(block);
        assertThat(example).as("what " + block + " is to do").isPresent();
        NodeScript.assumeNode();
        postgres.execute("truncate messages, tasks, jobs");
        example.orElseThrow().play(new ExampleStage(postgres, server), block);
    }

    @Test
    void everyExampleIsInItsDocument() throws Exception {
        assertThat(blocks().stream().flatMap(block -> Example.of(block).stream()))
                .containsExactlyInAnyOrder(Example.values());
    }
}
