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
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FilterParserTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @ParameterizedTest
    @MethodSource("vectors")
    void readsEveryVectorAsTheReferenceDoes(JsonNode vector) throws FilterSyntaxException {
        String filter = vector.get("filter").asText();
        if (vector.has("error")) {
            assertThatThrownBy(() -> FilterParser.parse(filter))
                    .isInstanceOf(FilterSyntaxException.class)
                    .hasMessage(vector.get("error").asText());
            return;
        }
        List<Condition> expected = new ArrayList<>();
        for (JsonNode part : vector.get("filters")) {
            Operator operator = Operator.of(part.get(1).asText());
            assertThat(operator).isNotNull();
            expected.add(new Condition(
                    part.get(0).asText(),
                    operator,
                    part.get(2).asText(),
                    part.get(3).asBoolean()));
        }
        assertThat(FilterParser.parse(filter)).isEqualTo(expected);
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
