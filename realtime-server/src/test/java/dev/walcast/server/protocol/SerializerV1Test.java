package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.json.Slice;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerializerV1Test {
    private final Serializer v1 = new SerializerV1();

    @Test
    void refIsAlwaysPresentAndJoinRefNever() {
        assertThat(text(v1.encode(
                        new Address(Ref.ofString("1"), null, new Topic("realtime:r")),
                        "presence_state",
                        Payload.empty())))
                .isEqualTo("""
                        {"topic":"realtime:r","event":"presence_state","payload":{},"ref":null}""");
        assertThat(text(v1.encode(
                        new Address(Ref.ofString("1"), Ref.ofString("2"), new Topic("realtime:r")),
                        "phx_reply",
                        Payload.ok())))
                .isEqualTo("""
                        {"topic":"realtime:r","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":"2"}""");
    }

    @Test
    void unknownKeysAreSkipped() {
        String text = """
                {"ref":null,"x":{"topic":1},"payload":{ "a":1 },"joinRef":"9","event":"phx_join","join_ref":"4",\
                "topic":"t"}""";
        assertThat(v1.decodeText(text.getBytes(UTF_8))).isInstanceOfSatisfying(Message.Join.class, join -> {
            assertThat(join.address()).isEqualTo(new Address(Ref.ofString("4"), null, new Topic("t")));
            assertThat(join.payload().text()).isEqualTo("{ \"a\":1 }");
        });
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[null,\"1\",\"phoenix\",\"heartbeat\",{}]",
                "{\"topic\":\"phoenix\"}",
                "{\"topic\":\"t\",\"event\":\"e\",\"payload\":{}}",
                "{\"topic\":\"t\",\"event\":\"e\",\"ref\":null}",
                "{\"topic\":\"t\",\"payload\":{},\"ref\":null}",
                "{\"event\":\"e\",\"payload\":{},\"ref\":null}",
                "{\"topic\":null,\"event\":\"e\",\"payload\":{},\"ref\":null}",
                "{\"topic\":\"t\",\"event\":\"e\",\"payload\":{},\"ref\":null"
            })
    void invalidMessageIsMalformed(String text) {
        assertThat(v1.decodeText(text.getBytes(UTF_8))).isInstanceOf(Message.Malformed.class);
    }

    @Test
    void onlyJsonUserBroadcastIsWrapped() {
        assertThat(v1.encode(user(Broadcast.Encoding.JSON, " {\"a\":1.0} ")).map(SerializerV1Test::text))
                .isEqualTo(Optional.of("""
                        {"topic":"realtime:r","event":"broadcast","payload":{"type":"broadcast","event":"e\\"",\
                        "payload": {"a":1.0} },"ref":null}"""));
        assertThat(v1.encode(user(Broadcast.Encoding.JSON, "{oops"))).isEmpty();
        assertThat(v1.encode(user(Broadcast.Encoding.JSON, "1} , {"))).isEmpty();
        assertThat(v1.encode(user(Broadcast.Encoding.JSON, ""))).isEmpty();
        assertThat(v1.encode(user(Broadcast.Encoding.BINARY, "{}"))).isEmpty();
    }

    private static Broadcast user(Broadcast.Encoding encoding, String payload) {
        return new Broadcast.User(Topic.named("r"), "e\"", encoding, Slice.of(payload.getBytes(UTF_8)));
    }

    private static String text(OutboundFrame frame) {
        return new String(frame.prefix(), UTF_8) + new String(frame.body(), UTF_8) + new String(frame.suffix(), UTF_8);
    }
}
