package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Checks the links of the Markdown files, and that every page can be reached.
class DocumentLinksTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path DOCS = ROOT.resolve("docs");
    private static final Path INDEX = DOCS.resolve("index.md");

    private static final List<String> SOURCES = List.of(
            "cdc/src/main/java",
            "cdc/src/test/java",
            "filters/src/main/java",
            "rls-policy/src/main/java",
            "rls-policy/src/test/java",
            "realtime-server/src/main/java",
            "realtime-server/src/test/java");

    /// In code, such as `Message.of`: the first name.
    private static final Pattern NAMED_CLASS = Pattern.compile("[`=]([A-Z]\\w*[a-z]\\w*)[^`\\s/]*`");

    private static final Map<Path, Markdown> pages = new HashMap<>();

    @BeforeAll
    static void readPages() throws IOException {
        for (Path file : files()) {
            pages.put(file, Markdown.read(file));
        }
        assertThat(pages).hasSizeGreaterThan(50);
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> root = Files.list(ROOT);
                Stream<Path> docs = Files.walk(DOCS)) {
            return Stream.concat(root, docs)
                    .filter(file -> file.toString().endsWith(".md"))
                    .toList();
        }
    }

    @Test
    void linksLeadToFilesAndHeadings() {
        List<String> broken = new ArrayList<>();
        pages.forEach((file, page) -> page.localLinks()
                .filter(link -> !resolves(file, link))
                .forEach(link -> broken.add(ROOT.relativize(file) + ": " + link)));
        assertThat(broken).isEmpty();
    }

    private static boolean resolves(Path file, String link) {
        Path target = target(file, link);
        int hash = link.indexOf('#');
        if (hash < 0) {
            return Files.exists(target);
        }
        Markdown page = pages.get(target);
        return page != null && page.anchors().contains(link.substring(hash + 1));
    }

    private static Path target(Path file, String link) {
        String path = link.replaceFirst("#.*", "");
        return path.isEmpty() ? file : file.resolveSibling(path).normalize();
    }

    @Test
    void indexLinksEveryPage() {
        Set<Path> linked = new HashSet<>(targets(INDEX));
        linked.add(INDEX);
        assertThat(pages.keySet().stream().filter(page -> page.getParent().equals(DOCS)))
                .allSatisfy(page -> assertThat(linked).contains(page));
    }

    @Test
    void readmeLeadsToEveryPage() {
        Path readme = ROOT.resolve("README.md");
        Set<Path> reached = new HashSet<>(Set.of(readme));
        Deque<Path> open = new ArrayDeque<>(reached);
        while (!open.isEmpty()) {
            targets(open.remove()).stream().filter(reached::add).forEach(open::add);
        }
        assertThat(reached).containsAll(pages.keySet());
    }

    @Test
    void classesNamedByTheGuideExist() throws IOException {
        Set<String> classes = classes();
        assertThat(NAMED_CLASS
                        .matcher(Files.readString(ROOT.resolve("CONTRIBUTING.md")))
                        .results())
                .hasSizeGreaterThan(30)
                .allSatisfy(named -> assertThat(classes).contains(named.group(1)));
    }

    private static Set<String> classes() throws IOException {
        Set<String> classes = new HashSet<>();
        for (String folder : SOURCES) {
            try (Stream<Path> sources = Files.walk(ROOT.resolve(folder))) {
                sources.map(file -> file.getFileName().toString())
                        .filter(name -> name.endsWith(".java"))
                        .forEach(name -> classes.add(name.substring(0, name.length() - ".java".length())));
            }
        }
        return classes;
    }

    /// Pages that it links.
    private static List<Path> targets(Path page) {
        return pages.get(page)
                .localLinks()
                .map(link -> target(page, link))
                .filter(pages::containsKey)
                .toList();
    }
}
