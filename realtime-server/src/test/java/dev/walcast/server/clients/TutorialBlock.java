package dev.walcast.server.clients;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// A block of `docs/tutorial.md`: a file that the reader saves, or commands that it runs.
///
/// @param file its name, empty for commands
record TutorialBlock(String file, String text) {
    private static final Path TUTORIAL = Path.of("../docs/tutorial.md");
    private static final Pattern BLOCK = Pattern.compile(
            "(?:Save this as `([\\w.]+)`:\\n\\n)?^```(\\w+)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

    static List<TutorialBlock> all() throws IOException {
        return BLOCK.matcher(Files.readString(TUTORIAL))
                .results()
                .map(block -> new TutorialBlock(block.group(1) == null ? "" : block.group(1), block.group(3)))
                .toList();
    }

    boolean isFile() {
        return !file.isEmpty();
    }
}
