package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.NodeScript;
import dev.walcast.server.testing.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Runs the same scenarios with every client that runs here, against the real server. The results are the table in
/// `docs/compatibility.md`; `-Dwalcast.write-docs` writes it.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClientMatrixTest {
    private static final Path DOCS = Path.of("..", "docs", "compatibility.md");
    private static final String BEGIN =
            "<!-- Written by ClientMatrixTest with -Dwalcast.write-docs; do not edit until the end of the table. -->\n";
    private static final String END = "<!-- The end of the table. -->\n";

    private static final Set<Cell> passed = new HashSet<>();
    private static TestPostgres postgres;
    private static TestServer server;

    private record Cell(ClientKind client, Feature feature) {}

    @BeforeAll
    static void startServer() throws Exception {
        NodeScript.assumeNode();
        postgres = TestPostgres.start();
        Stage.prepare(postgres);
        server = TestServer.start(TestServer.settings(postgres, "clients"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        if (server != null) {
            server.close();
            postgres.close();
        }
    }

    @AfterEach
    void emptyTables() {
        postgres.execute("truncate rows", "truncate own");
    }

    private static List<Cell> all() {
        return Arrays.stream(Feature.values())
                .flatMap(feature -> Arrays.stream(ClientKind.values())
                        .filter(feature::isFor)
                        .map(client -> new Cell(client, feature)))
                .toList();
    }

    /// With `-Dwalcast.matrix=SUPABASE_KT.*` only those whose names match.
    static Stream<Arguments> cells() {
        String wanted = System.getProperty("walcast.matrix", ".*");
        return all().stream()
                .filter(cell -> (cell.client() + " " + cell.feature()).matches(wanted))
                .map(cell -> Arguments.of(cell.client(), cell.feature()));
    }

    @Order(1)
    @ParameterizedTest
    @MethodSource("cells")
    void clientSupportsTheFeature(ClientKind client, Feature feature) throws Exception {
        try (Stage stage = new Stage(client, postgres, server)) {
            feature.script().play(stage);
        }
        passed.add(new Cell(client, feature));
    }

    @Order(2)
    @Test
    void documentedMatrixIsCurrent() throws Exception {
        assumeTrue(passed.size() == all().size(), "not every scenario was played and passed");
        String text = Files.readString(DOCS);
        int from = text.indexOf(BEGIN) + BEGIN.length();
        String expected = text.substring(0, from) + "\n" + table() + "\n" + text.substring(text.indexOf(END));
        if (System.getProperty("walcast.write-docs") != null) {
            Files.writeString(DOCS, expected);
        }
        assertThat(Files.readString(DOCS))
                .as("run it with -Dwalcast.write-docs")
                .isEqualTo(expected);
    }

    private static String table() throws Exception {
        StringBuilder table = new StringBuilder("| Client |");
        for (Feature feature : Feature.values()) {
            table.append(' ').append(feature.title()).append(" |");
        }
        table.append("\n|---|").append("---|".repeat(Feature.values().length)).append('\n');
        for (ClientKind client : ClientKind.values()) {
            String cells = Arrays.stream(Feature.values())
                    .map(feature -> cell(new Cell(client, feature)))
                    .collect(Collectors.joining(" | "));
            table.append("| ")
                    .append(client.title())
                    .append(" | ")
                    .append(cells)
                    .append(" |\n");
        }
        return table.toString();
    }

    private static String cell(Cell cell) {
        if (!cell.feature().isFor(cell.client())) {
            return "the client has none";
        }
        return passed.contains(cell) ? "yes" : "no";
    }
}
