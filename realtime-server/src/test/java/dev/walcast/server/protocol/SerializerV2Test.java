package dev.walcast.server.protocol;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.json.Slice;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerializerV2Test {
    private static final String PUSH =
            "03 01 01 0d 06 00 01 31 33 72 65 61 6c 74 69 6d 65 3a 72 6f 6f 6d 63 75 72 73 6f 72 7b 22 78 22 3a 31 7d";
    private static final String DELIVERY =
            "04 0d 06 00 01 72 65 61 6c 74 69 6d 65 3a 72 6f 6f 6d 63 75 72 73 6f 72 7b 22 78 22 3a 31 7d";
    private static final HexFormat HEX = HexFormat.ofDelimiter(" ");

    private final Serializer v2 = new SerializerV2();

    @Test
    void replyIsArrayOfFive() {
        assertThat(text(v2.encode(
                        new Address(Ref.ofString("1"), Ref.ofString("2"), new Topic("realtime:r")),
                        "phx_reply",
                        Payload.ok())))
                .isEqualTo("""
                        ["1","2","realtime:r","phx_reply",{"status":"ok","response":{}}]""");
    }

    @Test
    void absentRefsAreNull() {
        assertThat(text(v2.encode(Address.allOn(Topic.named("\"é\\\n\u0001")), "phx_close", Payload.empty())))
                .isEqualTo("[null,null,\"realtime:\\\"é\\\\\\n\\u0001\",\"phx_close\",{}]");
    }

    @Test
    void systemMessageHasFourStrings() {
        Payload payload =
                Payload.system(SystemNote.subscribed(java.util.List.of(), java.util.Optional.empty()), "room1");
        assertThat(text(v2.encode(
                        new Address(Ref.ofString("1"), null, new Topic("realtime:room1")), "system", payload)))
                .isEqualTo("""
                        ["1",null,"realtime:room1","system",{"status":"ok","message":"Subscribed to PostgreSQL",\
                        "extension":"postgres_changes","channel":"room1"}]""");
    }

    @Test
    void changeSharesItsBytes() {
        byte[] data = "{\"type\":\"INSERT\"}".getBytes(UTF_8);
        OutboundFrame frame =
                v2.encode(Address.allOn(Topic.named("db")), "postgres_changes", Payload.change(new int[] {7, 8}, data));
        assertThat(frame.body()).isSameAs(data);
        assertThat(text(frame)).isEqualTo("""
                        [null,null,"realtime:db","postgres_changes",{"ids":[7,8],"data":{"type":"INSERT"}}]""");
    }

    @Test
    void userBroadcastPushBecomesUserBroadcast() {
        Message message = v2.decodeBinary(HEX.parseHex(PUSH));
        assertThat(message).isInstanceOfSatisfying(Message.BroadcastPush.class, push -> {
            assertThat(push.address())
                    .isEqualTo(new Address(Ref.ofString("1"), Ref.ofString("3"), new Topic("realtime:room")));
            assertThat(v2.encode(push.content()).map(f -> HEX.formatHex(f.body())))
                    .isEqualTo(Optional.of(DELIVERY));
        });
    }

    @Test
    void nonzeroEncodingIsJson() {
        byte[] push = HEX.parseHex("03 00 00 01 01 02 09 74 65 7b 7d ff");
        assertThat(v2.decodeBinary(push)).isInstanceOfSatisfying(Message.BroadcastPush.class, p -> {
            assertThat(p.address()).isEqualTo(new Address(null, null, new Topic("t")));
            assertThat(v2.encode(p.content()).map(f -> HEX.formatHex(f.body())))
                    .isEqualTo(Optional.of("04 01 01 00 01 74 65 ff"));
        });
    }

    @Test
    void payloadIsFoundToTheByte() {
        for (String payload :
                new String[] {"{\"a\": [1 , {}]}", "\"str\\\"\"", "null", "12.50e3", "[]", "-0", "true"}) {
            assertThat(v2.decodeText(("[null,\"1\",\"t\",\"phx_join\" , " + payload + " ,\"more\"] ").getBytes(UTF_8)))
                    .isInstanceOfSatisfying(
                            Message.Join.class,
                            join -> assertThat(join.payload().text()).isEqualTo(payload));
        }
    }

    @Test
    void longNumbersAreForwarded() {
        String payload = "{\"n\":" + "9".repeat(100_000) + "}";
        assertThat(v2.decodeText(("[null,\"1\",\"t\",\"broadcast\"," + payload + "]").getBytes(UTF_8)))
                .isInstanceOfSatisfying(
                        Message.BroadcastPush.class,
                        push -> assertThat(text(v2.encode(push.content()).orElseThrow()))
                                .isEqualTo("[null,null,\"t\",\"broadcast\"," + payload + "]"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "hello",
                "5",
                "null",
                "{}",
                "[]",
                "[\"1\",\"2\"]",
                "[null,null,\"t\",\"e\"]",
                "[null,null,null,\"e\",{}]",
                "[null,null,\"t\",5,{}]",
                "[{},null,\"t\",\"e\",{}]",
                "[null,null,\"t\",\"e\",{}",
                "[null,null,\"t\",\"e\",{]}",
                "[null,null,\"t\",\"e\",{}] x",
                "[null,null,\"\\ud800\",\"e\",{}]",
                "\uFEFF[null,null,\"t\",\"e\",{}]",
                "[\u0000null,null,\"t\",\"e\",{}]",
                "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"1\"}"
            })
    void invalidMessageIsMalformed(String text) {
        assertThat(v2.decodeText(text.getBytes(UTF_8))).isInstanceOf(Message.Malformed.class);
    }

    @Test
    void nestingIsBounded() {
        String deep = "[".repeat(600) + "]".repeat(600);
        assertThat(v2.decodeText(("[null,null,\"t\",\"e\"," + deep + "]").getBytes(UTF_8)))
                .isInstanceOf(Message.Malformed.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "09 09 09",
                "03 01 01",
                "ff fe",
                "03 ff ff ff ff ff 01 61",
                "00 01 02 01 01 31 31 74 65",
                "03 01 00 00 00 00 00 ff"
            })
    void invalidBinaryMessagesAreMalformed(String hex) {
        assertThat(v2.decodeBinary(HEX.parseHex(hex))).isInstanceOf(Message.Malformed.class);
        assertThat(v2.decodeBinary(new byte[0])).isInstanceOf(Message.Malformed.class);
    }

    @Test
    void randomBytesNeverThrow() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] alphabet = "[]{},:\"\\ntrue0123456789.eE+- \u0000\u00e9".getBytes(UTF_8);
        for (int i = 0; i < 50_000; i++) {
            byte[] bytes = new byte[random.nextInt(40)];
            for (int k = 0; k < bytes.length; k++) {
                bytes[k] = random.nextInt(5) == 0 ? (byte) random.nextInt() : alphabet[random.nextInt(alphabet.length)];
            }
            if (bytes.length > 0) {
                bytes[0] = random.nextBoolean() ? (byte) 3 : (byte) '[';
            }
            assertThat(v2.decodeText(bytes)).as("seed %d", seed).isNotNull();
            assertThat(v2.decodeBinary(bytes)).as("seed %d", seed).isNotNull();
            assertThat(new SerializerV1().decodeText(bytes)).as("seed %d", seed).isNotNull();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'event':'shout'}",
                "{'x':{'event':'no'},'event':'sho\\u0075t','y':[1,{'event':2}]}",
                "{'event':'no','event':'shout'}"
            })
    void broadcastEventIsFoundWithoutTree(String payload) {
        byte[] json = payload.replace('\'', '"').getBytes(UTF_8);
        assertThat(new Broadcast.Text(new Topic("t"), Slice.of(json)).event()).isEqualTo("shout");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{}", "{'event':{'a':1}}", "{'event':null}", "{'event':", "[]", ""})
    void broadcastWithoutEventHasEmptyEvent(String payload) {
        byte[] json = payload.replace('\'', '"').getBytes(UTF_8);
        assertThat(new Broadcast.Text(new Topic("t"), Slice.of(json)).event()).isEmpty();
    }

    @Test
    void versionIsItsFirstTwoNumbers() {
        assertThat(Serializer.forVersion("1.0.7")).contains(new SerializerV1());
        assertThat(Serializer.forVersion("2.0.0")).contains(v2);
        for (String unknown : new String[] {"3.0.0", "2.1.0", "2.0", "2", "", "2.0.0-rc", "02.0.0", "2.0.x"}) {
            assertThat(Serializer.forVersion(unknown)).as(unknown).isEmpty();
        }
    }

    private static String text(OutboundFrame frame) {
        assertThat(frame.kind()).isEqualTo(OutboundFrame.Kind.TEXT);
        String text =
                new String(frame.prefix(), UTF_8) + new String(frame.body(), UTF_8) + new String(frame.suffix(), UTF_8);
        assertThat(frame.bytes()).isEqualTo(text.getBytes(UTF_8).length);
        return text;
    }
}
