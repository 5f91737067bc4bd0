package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.cli.DevProcess;
import dev.walcast.server.testing.NodeScript;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/// Follows `docs/tutorial.md`: saves its files, runs its commands, and opens its page in a real browser.
///
/// Three things differ: the server runs on a free port, `walcast` runs from the test's class path, and `npm` links
/// the packages that the tests have.
final class Tutorial {
    private static final Path NODE_MODULES =
            Path.of("src/test/js/node_modules").toAbsolutePath().normalize();

    private final Path root;
    private final Iterator<TutorialBlock> blocks = TutorialBlock.all().iterator();
    private final DevProcess dev;
    private final NodeScript browser;
    private final Shell shell;

    private Tutorial(Path root, NodeScript browser, DevProcess dev, Shell shell) throws IOException {
        this.root = root;
        this.browser = browser;
        this.dev = dev;
        this.shell = shell;
    }

    static void follow() throws Exception {
        boolean hasPsql = Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, "psql")));
        assumeTrue(hasPsql, "psql is not installed");
        NodeScript.assumeBrowser();
        Path root = Files.createTempDirectory("walcast-tutorial");
        try (NodeScript browser = NodeScript.start("tutorial.mjs", "", Map.of());
                DevProcess dev = DevProcess.start(Files.createDirectory(root.resolve(".walcast")));
                Shell shell = shell(root)) {
            new Tutorial(root, browser, dev, shell).followAll();
        } finally {
            delete(root);
        }
    }

    private static Shell shell(Path root) throws Exception {
        Path programs = Files.createDirectory(root.resolve("programs"));
        program(root.resolve("walcast"), walcast());
        program(programs.resolve("npm"), npm());
        return Shell.start(root, Map.of("PATH", programs + File.pathSeparator + System.getenv("PATH")));
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private void followAll() throws Exception {
        assertThat(blocks.next().text()).isEqualTo("./walcast dev\n");
        run();
        save("schema.sql");
        run();
        save("index.html");
        save("page.js");
        List<String> links = run();
        open("alice", links.getFirst());
        open("bob", links.getLast());
        awaitPage("alice", "alice, bob", "snapshot", "");
        awaitPage("bob", "alice, bob", "snapshot", "");
        followRights();
        followResume();
        List<String> work = run();
        open("work", work.getLast());
        awaitPage("work", "alice, bob", "snapshot", "work: write the report");
        assertThat(blocks.hasNext()).isFalse();
    }

    private void followRights() throws Exception {
        run();
        awaitPage("alice", "alice, bob", "snapshot", "home: buy milk");
        awaitPage("bob", "alice, bob", "snapshot", "home: call the bank");
        run();
        awaitPage("bob", "alice, bob", "snapshot", "home: call the bank\nhome: buy milk");
        run();
        awaitPage("bob", "alice, bob", "snapshot", "home: call the bank");
    }

    private void followResume() throws Exception {
        press("alice", "Go offline");
        awaitPage("alice", "alice, bob", "offline", "home: buy milk");
        awaitPage("bob", "bob", "snapshot", "home: call the bank");
        run();
        press("alice", "Come back");
        awaitPage("alice", "alice, bob", "resumed", "home: buy milk\nhome: water the plants");
    }

    /// The next block, which is commands.
    private List<String> run() throws Exception {
        TutorialBlock block = blocks.next();
        assertThat(block.isFile()).as(block.text()).isFalse();
        return shell.run(block.text());
    }

    /// The next block, which is a file.
    private void save(String file) throws IOException {
        TutorialBlock block = blocks.next();
        assertThat(block.file()).isEqualTo(file);
        String url = dev.environment().get("WALCAST_URL");
        Files.writeString(root.resolve("notes").resolve(file), block.text().replace("http://localhost:4000", url));
    }

    private void open(String page, String link) throws Exception {
        browser.command("{\"cmd\":\"open\",\"page\":\"" + page + "\",\"link\":\"" + link + "\"}");
        browser.await("open", _ -> true);
    }

    private void press(String page, String button) throws Exception {
        browser.command("{\"cmd\":\"press\",\"page\":\"" + page + "\",\"button\":\"" + button + "\"}");
        browser.await("press", _ -> true);
    }

    private void awaitPage(String page, String here, String state, String notes) {
        Map<String, String> expected = Map.of("here", here, "state", state, "notes", notes);
        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(100))
                .untilAsserted(() -> assertThat(look(page)).as(page).isEqualTo(expected));
    }

    private Map<String, String> look(String page) throws Exception {
        browser.command("{\"cmd\":\"look\",\"page\":\"" + page + "\"}");
        JsonNode seen = browser.await("look", _ -> true).get("seen");
        return Map.of(
                "here", seen.get("here").asText(),
                "state", seen.get("state").asText(),
                "notes", seen.get("notes").asText());
    }

    private static String walcast() {
        return "exec '%s' -XX:TieredStopAtLevel=1 -cp '%s' dev.walcast.server.cli.Main \"$@\"\n"
                .formatted(
                        ProcessHandle.current().info().command().orElseThrow(), System.getProperty("java.class.path"));
    }

    private static String npm() {
        return """
                case $1 in
                  init) ;;
                  install) ln -s '%1$s' node_modules && cd "node_modules/$2" ;;
                  *) exit 1 ;;
                esac
                """.formatted(NODE_MODULES);
    }

    private static void program(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    }
}
