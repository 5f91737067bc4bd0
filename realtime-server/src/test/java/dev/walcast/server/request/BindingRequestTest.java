package dev.walcast.server.request;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.TableId;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BindingRequestTest {
    private static final String WHOLE = "{'event':'INSERT','schema':'public','table':'t','filter':'a=eq.1',"
            + "'select':['a'],'membership':true,'snapshot':{'limit':5},'resume':'x','ack':true";

    private static JsonNode json(String text) {
        return Json.tree(Slice.of(text.replace('\'', '"').getBytes(UTF_8))).orElseThrow();
    }

    private static BindingRequest read(String text) {
        return BindingRequest.read((ObjectNode) json(text));
    }

    @Test
    void unknownKeysLeaveNoTrace() throws Exception {
        BindingRequest plain = read(WHOLE + "}");
        BindingRequest deep = read(WHOLE + ",'id':7,'deep':['" + "x".repeat(10_000) + "']}");
        assertThat(deep.spec()).isEqualTo(plain.spec());
        assertThat(deep.snapshot()).isEqualTo(plain.snapshot()).isPresent();
        assertThat(deep.resume()).isEqualTo(plain.resume()).isEqualTo(new ResumeFrom.Unreadable());
        assertThat(deep.ack()).isEqualTo(plain.ack()).isInstanceOf(AckRequest.Unnamed.class);
        assertThat(deep.table()).contains(new TableId("public", "t"));
    }

    @Test
    void malformedBindingIsRefusedWhenServed() throws Exception {
        BindingRequest request = read("{'event':'INSERT','id':7,'deep':1}");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(request::spec)
                    .isInstanceOf(BindingRefusedException.class)
                    .hasMessage("No subscription params provided. Please provide at least a `schema` or `table` to"
                            + " subscribe to: %{\"event\" => \"INSERT\"}");
        }
        assertThat(request.table()).isEmpty();
        assertThat(request.snapshot()).isEmpty();
    }

    @Test
    void malformedSnapshotKeepsTheTable() throws Exception {
        BindingRequest request = read("{'schema':'public','table':'t','snapshot':{'rows':1}}");
        assertThat(request.spec().table()).isEqualTo("t");
        assertThat(request.asksForRows()).isFalse();
        assertThatThrownBy(request::snapshot)
                .isInstanceOf(BindingRefusedException.class)
                .hasMessageContaining("unknown key");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "{'ack':null}; None",
                "{}; None",
                "{'ack':false}; None",
                "{'ack':''}; Invalid",
                "{'ack':1}; Invalid",
                "{'ack':['a']}; Invalid",
                "{'ack':'a'}; Named",
                "{'ack':true}; Unnamed"
            })
    void acknowledgementIsRead(String binding, String kind) {
        assertThat(read(binding).ack().getClass().getSimpleName()).isEqualTo(kind);
    }

    /// Stored cursors are found by this text: it must never change.
    @Test
    void cursorNameIsSortedAndWithoutItsPlace() {
        String name = "binding {ack=true, event=\"*\", select=[\"a\",1.50], table=\"t\"}";
        String binding = "'table':'t','ack':true,'select':['a',1.50],'event':'*'";
        for (String resume : new String[] {"", ",'resume':'2025-11-19T00:22:40Z'", ",'resume':null,'other':1"}) {
            assertThat(read("{" + binding + resume + "}").ack())
                    .isInstanceOfSatisfying(
                            AckRequest.Asked.class,
                            asked -> assertThat(asked.cursorName()).isEqualTo(name));
        }
        assertThat(((AckRequest.Asked) read("{'ack':'x'}").ack()).cursorName()).isEqualTo("named x");
    }

    @Test
    void echoRepeatsTheObjectWithItsId() {
        assertThat(echo("{}")).isEqualTo("{\"id\":9}");
        assertThat(echo("{'id':1}")).isEqualTo("{\"id\":9}");
        assertThat(echo("{'a':1.50,'id':1,'u':'é'}")).isEqualTo("{\"id\":9,\"a\":1.50,\"u\":\"\\u00E9\"}");
    }

    @Test
    void bindingsBeyondTheLimitAreNotRead() {
        JsonNode array = json("[{},1,{},null,{}]");
        assertThat(SentBindings.read(array, 3).list()).hasSize(3);
        assertThat(SentBindings.read(array, 2)).isEqualTo(new SentBindings.TooMany(3));
        assertThat(SentBindings.read(array, 2).requests()).isEmpty();
        assertThat(SentBindings.read(json("{'a':{}}"), 2).list()).isEmpty();
    }

    private static String echo(String binding) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        BindingEcho.of((ObjectNode) json(binding)).writeTo(out, 9);
        return out.toString(UTF_8);
    }
}
