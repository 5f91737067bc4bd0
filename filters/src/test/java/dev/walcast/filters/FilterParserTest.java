package dev.walcast.filters;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FilterParserTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// Filters that the reference refuses and that Walcast, with PostgREST's grammar, accepts.
    private static final Set<String> EXTENSIONS = Set.of("t=fts.x", "or=(a.eq.1,b.eq.2)");

    private static final String PREFIX = "Error parsing `filter` params: ";

    @ParameterizedTest
    @MethodSource("vectors")
    void parsesVectorsLikeTheReference(JsonNode vector) throws FilterSyntaxException {
        String filter = vector.get("filter").asText();
        if (EXTENSIONS.contains(filter)) {
            assertThat(FilterParser.parse(filter)).isNotEmpty();
            return;
        }
        if (vector.has("error")) {
            assertThatThrownBy(() -> FilterParser.parse(filter))
                    .isInstanceOf(FilterSyntaxException.class)
                    .hasMessage(vector.get("error").asText());
            return;
        }
        List<FilterNode> expected = new ArrayList<>();
        for (JsonNode part : vector.get("filters")) {
            Operator operator = Operator.of(part.get(1).asText());
            assertThat(operator).isNotNull();
            expected.add(new FilterNode.Condition(
                    part.get(0).asText(),
                    operator,
                    part.get(2).asText(),
                    part.get(3).asBoolean()));
        }
        assertThat(FilterParser.parse(filter)).isEqualTo(expected);
    }

    @Test
    void parsesPostgrestGroups() throws FilterSyntaxException {
        assertThat(FilterParser.parse(
                        "or=(a.eq.1,not.and(b.gt.2,c.is.null)),not.and=(\"x.y\".in.(1,2),d->>k.not.like.a*)"))
                .containsExactly(
                        new FilterNode.Group(
                                true,
                                false,
                                List.of(
                                        new FilterNode.Condition("a", Operator.EQ, "1", false),
                                        new FilterNode.Group(
                                                false,
                                                true,
                                                List.of(
                                                        new FilterNode.Condition("b", Operator.GT, "2", false),
                                                        new FilterNode.Condition("c", Operator.IS, "null", false))))),
                        new FilterNode.Group(
                                false,
                                true,
                                List.of(
                                        new FilterNode.Condition("x.y", Operator.IN, "{1,2}", false),
                                        new FilterNode.Condition("d->>k", Operator.LIKE, "a*", true))));
    }

    @Test
    void parsesALanguageForFullTextOnly() throws FilterSyntaxException {
        assertThat(FilterParser.parse("t=fts(english).cat,t=wfts.dog"))
                .containsExactly(
                        new FilterNode.Condition("t", Operator.FULL_TEXT, "cat", false, "english"),
                        new FilterNode.Condition("t", Operator.WEB_FULL_TEXT, "dog", false));
        assertThatThrownBy(() -> FilterParser.parse("t=eq(english).cat"))
                .hasMessage(PREFIX + "[\"eq(english)\", \"cat\"]");
    }

    @Test
    void refusesFiltersBeyondItsLimits() {
        assertThatThrownBy(() -> FilterParser.parse("a=eq." + "x".repeat(FilterParser.LENGTH_MAX)))
                .hasMessage(PREFIX + "longer than 10000 characters");
        assertThatThrownBy(() -> FilterParser.parse("or=(a.eq.1" + ",a.eq.1".repeat(FilterParser.CONDITIONS_MAX) + ")"))
                .hasMessage(PREFIX + "more than 100 conditions");
        assertThatThrownBy(() -> FilterParser.parse("or=(" + "or(".repeat(FilterParser.DEPTH_MAX) + "a.eq.1"
                        + ")".repeat(FilterParser.DEPTH_MAX) + ")"))
                .hasMessage(PREFIX + "groups are nested deeper than 8");
        assertThatThrownBy(() -> FilterParser.parse("or=(a.eq.1,)")).hasMessageContaining("empty segments");
        assertThatThrownBy(() -> FilterParser.parse("or=(a)")).hasMessage(PREFIX + "[\"a\"]");
    }

    static Stream<JsonNode> vectors() throws IOException {
        try (InputStream lines = FilterParserTest.class.getResourceAsStream("/vectors/filter_parse.jsonl")) {
            assertThat(lines).isNotNull();
            List<JsonNode> vectors = new ArrayList<>();
            for (String line : new String(lines.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList()) {
                vectors.add(JSON.readTree(line));
            }
            assertThat(vectors).hasSize(71);
            return vectors.stream();
        }
    }
}
