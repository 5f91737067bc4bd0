package dev.walcast.server.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A block of JavaScript in a document.
///
/// @param document its path from the root
/// @param number   the number of the block, from 1
record DocumentedBlock(String document, int number, String text) {
    private static final Path ROOT = Path.of("..");
    private static final Pattern FENCED = Pattern.compile(
            "^ *(`{3,}|~{3,}) *(?:js|jsx|mjs|cjs|javascript|node|ts|tsx|typescript)\\b[^\\n]*\\n(.*?)^ *\\1 *$",
            Pattern.MULTILINE | Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    static List<DocumentedBlock> all() throws IOException {
        List<DocumentedBlock> blocks = new ArrayList<>();
        try (Stream<Path> root = Files.list(ROOT);
                Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
            List<Path> documents = Stream.concat(root, docs)
                    .filter(path -> path.toString().endsWith(".md"))
                    .sorted()
                    .toList();
            for (Path document : documents) {
                blocks.addAll(of(document));
            }
        }
        return blocks;
    }

    private static List<DocumentedBlock> of(Path document) throws IOException {
        String name = ROOT.relativize(document).toString();
        List<DocumentedBlock> blocks = new ArrayList<>();
        Matcher fenced = FENCED.matcher(Files.readString(document));
        while (fenced.find()) {
            blocks.add(new DocumentedBlock(name, blocks.size() + 1, fenced.group(2)));
        }
        return blocks;
    }

    boolean isAt(String document, int number) {
        return this.document.equals(document) && this.number == number;
    }

    /// For this server instead of the one that the reader has started.
    String at(String url) {
        return text.replace("http://localhost:4000", url);
    }

    @Override
    public String toString() {
        return document + ", block " + number;
    }
}
