package dev.walcast.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The links and anchors of a Markdown file. Links in code do not count.
///
/// @param links   the targets as written
/// @param anchors the anchors of the headings, as GitHub generates them
record Markdown(List<String> links, Set<String> anchors) {
    private static final Pattern BLOCK =
            Pattern.compile("^ *(`{3,}|~{3,}).*?^ *\\1 *$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern INLINE = Pattern.compile("(`+)(?!`).*?(?<!`)\\1(?!`)", Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)|(?:src|href|srcset)=\"([^\"]+)\"");
    private static final Pattern HEADING = Pattern.compile("^#{1,6} +(.+?) *#*$", Pattern.MULTILINE);
    private static final Pattern LINK_IN_HEADING = Pattern.compile("\\[([^]]*)]\\([^)]*\\)");

    static Markdown read(Path file) throws IOException {
        String text = BLOCK.matcher(Files.readString(file)).replaceAll("");
        List<String> links = LINK.matcher(INLINE.matcher(text).replaceAll(""))
                .results()
                .map(Markdown::target)
                .toList();
        return new Markdown(links, anchors(text));
    }

    private static String target(MatchResult link) {
        return link.group(1) == null ? link.group(2) : link.group(1);
    }

    private static Set<String> anchors(String text) {
        Set<String> anchors = new HashSet<>();
        Map<String, Integer> seen = new HashMap<>();
        HEADING.matcher(text).results().map(heading -> anchor(heading.group(1))).forEach(anchor -> {
            int before = seen.merge(anchor, 1, Integer::sum) - 1;
            anchors.add(before == 0 ? anchor : anchor + "-" + before);
        });
        return anchors;
    }

    private static String anchor(String heading) {
        return LINK_IN_HEADING
                .matcher(heading)
                .replaceAll("$1")
                .toLowerCase(Locale.ROOT)
                .replaceAll("[^\\p{L}\\p{N} _-]", "")
                .replace(' ', '-');
    }

    /// Those that lead to files of the repository.
    Stream<String> localLinks() {
        return links.stream().filter(link -> !link.matches("(?i)(?:[a-z][a-z0-9+.-]*:|//).*"));
    }
}
