package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.protocol.ErrorCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `docs/why-no-row.md` names a test for each cause, and each of these tests exists.
class WhyNoRowDocTest {
    private static final Path DOC = Path.of("..", "docs", "why-no-row.md");
    private static final Pattern TEST = Pattern.compile("`(\\w+Test)\\.(\\w+)` \\|$");
    private static final Pattern METHOD = Pattern.compile("\\n    void (\\w+)\\(");

    @Test
    void eachCauseNamesATestThatExists() throws IOException {
        List<String> rows = rows();
        assertThat(rows).hasSizeGreaterThan(30);
        for (String row : rows) {
            MatchResult test = TEST.matcher(row).results().findFirst().orElse(null);
            assertThat(test).as("no test is named in: %s", row).isNotNull();
            assertThat(methods(test.group(1))).as(row).contains(test.group(2));
        }
    }

    @Test
    void eachTestOfACauseIsNamed() throws IOException {
        String doc = Files.readString(DOC);
        for (String type : List.of("WhyNoRowTest")) {
            assertThat(methods(type))
                    .hasSizeGreaterThan(15)
                    .allSatisfy(name -> assertThat(doc).contains("`" + type + "." + name + "`"));
        }
    }

    @Test
    void eachCodeOfAJoinIsNamed() throws IOException {
        String doc = Files.readString(DOC);
        Set<String> codes = Arrays.stream(ErrorCode.values())
                .filter(code ->
                        code.compareTo(ErrorCode.EVENT_UNKNOWN) >= 0 && code.compareTo(ErrorCode.IDENTITY_MISSING) <= 0)
                .map(ErrorCode::code)
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(codes)
                .hasSizeGreaterThan(10)
                .allSatisfy(code -> assertThat(doc).contains("`" + code + "`"));
    }

    private static List<String> rows() throws IOException {
        return Files.readAllLines(DOC).stream()
                .filter(line -> line.startsWith("| ") && !line.startsWith("| Cause "))
                .toList();
    }

    /// Without the methods that prepare a test, which are static.
    private static Set<String> methods(String type) {
        try (Stream<Path> files = Files.walk(Path.of(".."))) {
            Path file = files.filter(path -> path.endsWith(type + ".java"))
                    .findFirst()
                    .orElseThrow(() -> new AssertionError("there is no " + type));
            return METHOD.matcher(Files.readString(file))
                    .results()
                    .map(result -> result.group(1))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
