package dev.walcast.server.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BindingSpecTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "schema; {'schema':'a\\u0000b','table':'t'}",
                "table; {'schema':'public','table':'a\\u0000b'}",
                "table; {'schema':'*','table':'\\u0000'}",
                "filter; {'schema':'public','table':'t','filter':'id=eq.\\u0000'}",
                "filter; {'schema':'public','table':'t','filter':'i\\u0000d=eq.1'}",
                "select; {'schema':'public','table':'t','select':['id','a\\u0000']}",
                "snapshot; {'schema':'public','table':'t','snapshot':{'order':'a\\u0000'}}"
            },
            quoteCharacter = '`')
    void whatHoldsANulIsRefusedBeforeAnybodyAsksPostgres(String key, String json) throws Exception {
        ObjectNode request = (ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"'));
        assertThatThrownBy(() -> BindingSpec.read(request))
                .isInstanceOf(BindingRefusedException.class)
                .hasMessageContaining("Error parsing `" + key + "` params: it holds a NUL");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'schema':'LONG','table':'t'}",
                "{'schema':'*','table':'LONG'}",
                "{'schema':'public','table':'t','select':['id','LONG']}"
            })
    void nameLongerThanPostgresHasIsRefused(String json) throws Exception {
        String request = json.replace('\'', '"');
        assertThatThrownBy(() -> read(request.replace("LONG", "ä".repeat(32))))
                .isInstanceOf(BindingRefusedException.class)
                .hasMessageContaining("NameTooLong");
        assertThat(read(request.replace("LONG", "ä".repeat(31)))).isNotNull();
        assertThat(BindingRequest.read(node(request.replace("LONG", "x".repeat(64))))
                        .table())
                .isEmpty();
    }

    private static BindingSpec read(String json) throws Exception {
        return BindingSpec.read(node(json));
    }

    private static ObjectNode node(String json) throws Exception {
        return (ObjectNode) new ObjectMapper().readTree(json);
    }
}
