package dev.walcast.filters;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegexCostTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "(x*y*z*){1,255}",
                "(x?y?){255}",
                "((x?){20}){20}",
                "((a|b)*){255}",
                "(x*){255}(y*){255}",
                "(x{1,255}){1,255}",
                "(?x)(x*y*z*) {1,255}",
                "(?x)(x*y*z*) # ) \n {1,255}",
                "(x*y*z*)(?#comment){1,255}",
                "***:(x*y*z*){1,255}",
                "***:(?i)(x*y*z*){1,255}",
                "(?b)\\(x*y*z*\\)\\{1,255\\}",
                "(?e)(x*y*z*){1,255}",
                "(?qe)(x*y*z*){1,255}",
                "(?:x*y*z*){1,255}?",
                "(?=(x*y*z*){1,255})",
                "(x*y*z*){1,255",
                "((((x*y*z*){1,255}",
                "(x*)(\\1*\\1*\\1*){1,255}",
                "([x]]*[^]y]*[[:alpha:]]*){1,255}",
                "(^*x?$*){1,255}",
                "(x*y*z*){1,99999999999}",
                "(x*y*z*){200,}"
            })
    void expressionThatMultipliesIsTooCostly(String regex) {
        assertThat(RegexCost.of(regex)).isGreaterThan(RegexCost.MAX);
    }

    @Test
    void longSkippableSequencesAreTooCostly() {
        for (String part : new String[] {"x*", "x?", "(a|b)?", "(x*y*)", "[ab]{0,1}", "\\w*", "x??", "(?:x|)"}) {
            assertThat(RegexCost.of(part.repeat(400))).as(part).isGreaterThan(RegexCost.MAX);
        }
        assertThat(RegexCost.of("(".repeat(400) + "x" + "y*)*".repeat(400))).isGreaterThan(RegexCost.MAX);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abc",
                "^(\\d{1,3}\\.){3}\\d{1,3}$",
                "^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,63}$",
                "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
                "^[A-Za-z0-9 .,;:!?'\"()_-]{1,255}$",
                "^(?=.*[A-Z])(?=.*\\d)(?=.*[^\\w\\s]).{8,64}$",
                "(\\w)(\\w)(\\w)\\3\\2\\1",
                "\\y(foo|bar)\\y.*\\y(baz|qux)\\y",
                "(?i)^\\s*(error|warn(ing)?|fatal)\\s*:",
                "^https?://([a-z0-9-]+\\.)+[a-z]{2,}(:\\d+)?(/[^?#]*)?(\\?[^#]*)?(#.*)?$",
                "(\\w*\\s*){30}",
                "***=(x*y*z*){1,255}",
                "(?q)(x*y*z*){1,255}",
                "\\(x*y*z*\\)\\{1,255\\}",
                "[(x*y*z*){1,255}]"
            })
    void ordinaryExpressionIsNot(String regex) {
        assertThat(RegexCost.of(regex)).isLessThan(RegexCost.MAX);
    }

    @Test
    void longTextsAndWordListsAreCheap() {
        String words = IntStream.range(0, 800).mapToObj(i -> "word" + i).collect(Collectors.joining("|", "^(", ")$"));
        assertThat(RegexCost.of(words)).isLessThan(RegexCost.MAX);
        assertThat(RegexCost.of("word ".repeat(1_900))).isLessThan(RegexCost.MAX);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\\", "[", "[[:", "(", ")", "*", "{", "{1", "{1,", "(?", "(?#", "a{2,1}", "***", "***:", "[]"})
    void brokenExpressionsAreEstimatedToo(String regex) {
        assertThat(RegexCost.of(regex)).isLessThan(100);
    }
}
