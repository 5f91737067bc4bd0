package dev.walcast.server.attack;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.server.testing.RawFrame;
import dev.walcast.server.testing.RawSocket;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import java.util.Random;

/// The actions of each kind of attacker.
final class Attacks {
    private static final int LARGE = 4_900_000;

    private Attacks() {}

    interface Attack {
        void begin(Target target);
    }

    static Attack of(Kind kind) {
        return switch (kind) {
            case JOINS_VALID -> Attacks::joinsValid;
            case JOINS_REFUSED -> Attacks::joinsRefused;
            case JOINS_HUGE -> target -> large(target, join("{\"x\":[", "{},", "1]}"));
            case JOINS_MANY_TOPICS -> Attacks::joinsManyTopics;
            case JOINS_LONG_NAMES -> Attacks::joinsLongNames;
            case JSON_HUGE -> target -> largePushes(target, "{\"a\":[", "{},", "{}]}");
            case JSON_DEEP -> Attacks::jsonDeep;
            case PARTIAL_FRAMES -> Attacks::partialFrames;
            case SLOW_READERS -> Attacks::slowReaders;
            case IDLE_KEEP_ALIVE -> target -> idleKeepAlive(target, target.connections(18_500));
            case PINGS -> target -> frames(target, 0x89, 1);
            case CONTINUATIONS -> Attacks::continuations;
            case HEARTBEATS -> target -> texts(target, "[null,\"1\",\"phoenix\",\"heartbeat\",{}]");
            case UNMATCHED_PUSHES -> target -> texts(target, "[\"1\",\"1\",\"realtime:none\",\"broadcast\",{\"a\":1}]");
            case PRESENCES -> Attacks::presences;
            case REGEXES -> Attacks::regexes;
            case TOKENS_BAD -> Attacks::tokensBad;
            case TOKENS_HUGE -> Attacks::tokensHuge;
            case TOKENS_OF_TINY_EXPIRY -> Attacks::tokensOfTinyExpiry;
            case TOPICS_OF_V1 -> Attacks::topicsOfV1;
            case REST_BROADCASTS -> Attacks::restBroadcasts;
            case REST_SLOW_BODIES -> Attacks::restSlowBodies;
            case REST_ENDLESS_BODIES -> Attacks::restEndlessBodies;
            case STREAMS_UNREAD -> Attacks::streamsUnread;
            case CHURN -> Attacks::churn;
            case HTTP_GARBAGE -> Attacks::httpGarbage;
            case ALL_USERS -> Attacks::allUsers;
            case NO_DESCRIPTORS -> target -> idleKeepAlive(target, 3_000);
            default -> throw new IllegalArgumentException(kind + " has no client");
        };
    }

    private static byte[] join(String before, String filling, String after) {
        return filled("[\"1\",\"1\",\"realtime:huge\",\"phx_join\",{\"config\":" + before, filling, after + "}]");
    }

    /// As large as a message may be.
    private static byte[] filled(String before, String filling, String after) {
        return (before + filling.repeat((LARGE - before.length() - after.length()) / filling.length()) + after)
                .getBytes(US_ASCII);
    }

    /// More than once: most are refused one after another.
    private static void large(Target target, byte[] message) {
        target.hammer(12, wire -> wire.frame(0x81, message));
    }

    /// In every kind of push whose payload the server may want to understand.
    private static void largePushes(Target target, String before, String filling, String after) {
        byte[] broadcast = push("broadcast", "\"type\":\"broadcast\",\"event\":\"e\"", before, filling, after);
        byte[] presence = push("presence", "\"type\":\"presence\",\"event\":\"track\"", before, filling, after);
        byte[] token = push("access_token", "\"access_token\":\"\"", before, filling, after);
        target.hammer(
                8,
                () -> {
                    Wire wire = target.socket();
                    wire.text(join("large1", "{\"presence\":{\"enabled\":true}}"));
                    return wire;
                },
                wire -> {
                    wire.frame(0x81, presence);
                    wire.frame(0x81, broadcast);
                    wire.frame(0x81, token);
                });
    }

    private static byte[] push(String event, String head, String before, String filling, String after) {
        return filled(
                "[\"1\",\"3\",\"realtime:large1\",\"" + event + "\",{" + head + ",\"payload\":" + before,
                filling,
                after + "}]");
    }

    private static void jsonDeep(Target target) {
        large(target, join("", "[", "]"));
        large(target, join("", "{\"a\":", "1"));
        largePushes(target, "", "[", "]");
    }

    private static String join(String topic, String config) {
        return "[\"1\",\"1\",\"realtime:" + topic + "\",\"phx_join\",{\"config\":" + config + "}]";
    }

    private static String leave(String topic) {
        return "[\"1\",\"2\",\"realtime:" + topic + "\",\"phx_leave\",{}]";
    }

    private static String changes(String table, String more) {
        return "{\"postgres_changes\":[{\"event\":\"*\",\"schema\":\"public\",\"table\":\"" + table + "\"" + more
                + "}]}";
    }

    private static void joinsValid(Target target) {
        target.hammer(16, wire -> {
            String topic = "valid" + target.number();
            wire.text(join(topic, changes("neighbours", ",\"filter\":\"id=eq." + target.number() + "\"")));
            wire.text(leave(topic));
        });
    }

    private static void joinsRefused(Target target) {
        target.hammer(16, wire -> {
            wire.text(join("private" + target.number(), "{\"private\":true}"));
            wire.text(join("none" + target.number(), changes("none" + target.number(), "")));
            wire.text(join("filter" + target.number(), changes("neighbours", ",\"filter\":\"none=eq.1\"")));
        });
    }

    private static void joinsManyTopics(Target target) {
        target.hammer(400, wire -> {
            for (int i = 0; i < 100; i++) {
                wire.text(join("many" + target.number(), "{\"presence\":{\"enabled\":true,\"key\":\"k\"}}"));
            }
        });
    }

    private static void joinsLongNames(Target target) {
        String name = "n".repeat(LARGE - 1_000);
        target.hammer(8, wire -> wire.text(join("long", changes(target.number() + name, ""))));
    }

    /// Each waits for its last byte.
    private static void partialFrames(Target target) {
        byte[] head = RawFrame.head(0x81, LARGE, 0);
        byte[] most = new byte[LARGE - 1];
        target.hold(400, target::socket, wire -> {
            wire.raw(head);
            wire.raw(most);
        });
    }

    private static void slowReaders(Target target) {
        target.forget(150, () -> target.connectNarrow().upgrade(target.path("2.0.0")), wire -> {
            wire.text(join("slow", "{}"));
            wire.read();
        });
        byte[] broadcast =
                ("[\"1\",\"3\",\"realtime:slow\",\"broadcast\",{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"a\":\""
                                + "x".repeat(2_000_000) + "\"}}]")
                        .getBytes(US_ASCII);
        target.hammer(
                2,
                () -> {
                    Wire wire = target.socket();
                    wire.text(join("slow", "{}"));
                    return wire;
                },
                wire -> wire.frame(0x81, broadcast));
    }

    private static void idleKeepAlive(Target target, int connections) {
        target.hold(connections, target::connect, wire -> {
            wire.raw("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
            wire.head();
        });
    }

    /// Many frames in one packet.
    private static void frames(Target target, int first, int size) {
        byte[] one = RawFrame.encode(first, new byte[size], 0);
        byte[] many = new byte[one.length * 1_000];
        for (int i = 0; i < many.length; i += one.length) {
            System.arraycopy(one, 0, many, i, one.length);
        }
        target.hammer(8, wire -> wire.raw(many));
    }

    private static void continuations(Target target) {
        byte[] many = new byte[6 * 1_000];
        for (int i = 0; i < many.length; i += 6) {
            System.arraycopy(RawFrame.head(0x00, 0, 0), 0, many, i, 6);
        }
        target.hammer(
                8,
                () -> {
                    Wire wire = target.socket();
                    wire.frame(0x01, new byte[] {'['});
                    return wire;
                },
                wire -> wire.raw(many));
    }

    private static void texts(Target target, String text) {
        byte[] one = RawFrame.encode(0x81, text.getBytes(UTF_8), 0);
        byte[] many = new byte[one.length * 200];
        for (int i = 0; i < many.length; i += one.length) {
            System.arraycopy(one, 0, many, i, one.length);
        }
        target.hammer(8, wire -> wire.raw(many));
    }

    private static void presences(Target target) {
        String state = "\"" + "p".repeat(100_000) + "\"";
        target.hammer(
                32,
                () -> {
                    Wire wire = target.socket();
                    wire.text(join("present" + target.number() % 4, "{\"presence\":{\"enabled\":true}}"));
                    return wire;
                },
                wire -> {
                    for (int topic = 0; topic < 4; topic++) {
                        wire.text("[\"1\",\"4\",\"realtime:present" + topic
                                + "\",\"presence\",{\"type\":\"presence\",\"event\":\"track\",\"payload\":{\"n\":"
                                + target.number() + ",\"s\":" + state + "}}]");
                    }
                });
    }

    /// Patterns that are refused without asking Postgres, and those that are just small enough for it.
    private static void regexes(Target target) {
        for (int copies : new int[] {255, 40}) {
            target.repeat(6, () -> {
                try (Wire wire = target.socket()) {
                    String pattern = "(x*y*z*){1," + copies + "}" + target.number();
                    wire.text(join("regex", changes("neighbours", ",\"filter\":\"v=match.\\\"" + pattern + "\\\"\"")));
                    wire.read();
                    target.done();
                    wire.read();
                }
            });
        }
    }

    private static void upgradeWith(Target target, String token) throws IOException {
        try (Wire wire = target.connect()) {
            wire.raw(RawSocket.upgradeRequest("/realtime/v1/websocket?vsn=2.0.0&apikey=" + token, Map.of()));
            target.done();
            wire.head();
        }
    }

    private static void tokensBad(Target target) {
        String bad = target.key().substring(0, target.key().length() - 4) + "AAAA";
        target.repeat(64, () -> upgradeWith(target, bad));
        target.hammer(
                8,
                wire -> wire.text("[\"1\",\"5\",\"realtime:x\",\"access_token\",{\"access_token\":\"" + bad + "\"}]"));
    }

    private static void tokensHuge(Target target) {
        String huge = unsigned("{\"role\":\"anon\",\"exp\":9999999999,\"a\":[" + "1,".repeat(1_700_000) + "1]}");
        String joins = "[\"1\",\"1\",\"realtime:t\",\"phx_join\",{\"config\":{},\"access_token\":\"" + huge + "\"}]";
        target.hammer(8, wire -> wire.text(joins));
    }

    /// With a good signature, too: the number is read after it.
    private static void tokensOfTinyExpiry(Target target) {
        for (String expiry : new String[] {"1e-9999999", "1e9999999", "-1e-9999999"}) {
            String claims = "{\"role\":\"anon\",\"exp\":" + expiry + "}";
            for (String tiny : new String[] {unsigned(claims), target.signed(claims)}) {
                target.repeat(4, () -> upgradeWith(target, tiny));
                target.hammer(
                        2,
                        wire -> wire.text("[\"1\",\"1\",\"realtime:t\",\"phx_join\",{\"config\":{},\"access_token\":\""
                                + tiny + "\"}]"));
            }
        }
    }

    private static String unsigned(String claims) {
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return encoder.encodeToString("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".getBytes(US_ASCII)) + "."
                + encoder.encodeToString(claims.getBytes(US_ASCII)) + "." + encoder.encodeToString(new byte[32]);
    }

    private static void topicsOfV1(Target target) {
        String topic = "t".repeat(LARGE - 1_000);
        target.hammer(
                8,
                () -> target.connect().upgrade(target.path("1.0.0")),
                wire -> wire.text("{\"topic\":\"realtime:" + target.number() + topic
                        + "\",\"event\":\"phx_join\",\"payload\":{\"config\":{}},\"ref\":\"1\"}"));
    }

    private static String post(Target target, String framing) {
        return "POST /realtime/v1/api/broadcast HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\napikey: "
                + target.key() + "\r\n" + framing + "\r\n\r\n";
    }

    private static void restBroadcasts(Target target) {
        String body = "{\"messages\":[{\"topic\":\"rest\",\"event\":\"e\",\"payload\":{\"a\":\"" + "x".repeat(100_000)
                + "\"}}]}";
        byte[] request = (post(target, "Content-Length: " + body.length()) + body).getBytes(US_ASCII);
        target.hammer(32, target::connect, wire -> wire.raw(request));
    }

    /// A body as large as may be, of which the end never comes.
    private static void restSlowBodies(Target target) {
        byte[] most = new byte[7_900_000];
        target.hold(200, target::connect, wire -> {
            wire.raw(post(target, "Content-Length: 8000000"));
            wire.raw(most);
        });
    }

    private static void restEndlessBodies(Target target) {
        byte[] chunk = ("10000\r\n" + "x".repeat(0x10000) + "\r\n").getBytes(US_ASCII);
        target.hammer(
                32,
                () -> {
                    Wire wire = target.connect();
                    wire.raw(post(target, "Transfer-Encoding: chunked"));
                    return wire;
                },
                wire -> wire.raw(chunk));
    }

    private static void streamsUnread(Target target) {
        target.forget(
                500,
                target::connectNarrow,
                wire -> wire.raw("GET /realtime/v1/broadcast?topic=streams&apikey=" + target.key()
                        + " HTTP/1.1\r\nHost: x\r\n\r\n"));
        byte[] broadcast =
                ("[\"1\",\"3\",\"realtime:streams\",\"broadcast\",{\"type\":\"broadcast\",\"event\":\"e\",\"payload\":{\"a\":\""
                                + "x".repeat(200_000) + "\"}}]")
                        .getBytes(US_ASCII);
        target.hammer(
                2,
                () -> {
                    Wire wire = target.socket();
                    wire.text(join("streams", "{}"));
                    return wire;
                },
                wire -> wire.frame(0x81, broadcast));
    }

    private static void churn(Target target) {
        target.repeat(64, () -> {
            try (Wire wire = target.socket()) {
                wire.text(join("churn", changes("neighbours", "")));
                target.done();
            }
        });
    }

    private static void httpGarbage(Target target) {
        Random random = new Random(14);
        target.repeat(32, () -> {
            byte[] garbage = new byte[20_000];
            synchronized (random) {
                random.nextBytes(garbage);
            }
            try (Wire wire = target.connect()) {
                wire.raw(random.nextBoolean() ? "GET / HTTP/1.1\r\nHost: x\r\nX: " : "");
                wire.raw(garbage);
                target.done();
                wire.drain();
            }
        });
    }

    /// One socket with a channel for each user that there may be.
    private static void allUsers(Target target) {
        target.hold(target.connections(12_000), target::socket, wire -> {
            wire.text(join("all", "{}"));
            wire.read();
        });
    }
}
