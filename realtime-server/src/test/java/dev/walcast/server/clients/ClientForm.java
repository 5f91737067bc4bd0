package dev.walcast.server.clients;

import java.util.List;
import java.util.function.UnaryOperator;

/// The frames of one version of one client, as in its source. `TOPIC` stands for the topic and `TOKEN` for a token.
///
/// @param query     the query of the socket's URL besides the key
/// @param heartbeat like the others, a complete text frame
/// @param track     older clients track without having asked for presence, unless the join asks for it
record ClientForm(
        String client,
        String query,
        String heartbeat,
        String join,
        String track,
        String broadcast,
        String token,
        String leave) {

    private static final String BINDING = """
            {"event":"INSERT","schema":"public","table":"rows","filter":"room=eq.TOPIC"}""";
    private static final String MESSAGE = """
            {"type":"broadcast","event":"e","payload":{"n":1.50}}""";
    private static final String TRACK = """
            {"type":"presence","event":"track","payload":{"name":"me"}}""";
    private static final String NEW_TOKEN = "{\"access_token\":\"TOKEN\"}";

    boolean isArray() {
        return join.startsWith("[");
    }

    boolean asksForPresence() {
        return join.contains("\"enabled\":true");
    }

    @Override
    public String toString() {
        return client;
    }

    static List<ClientForm> all() {
        return List.of(
                objects("realtime-js 2.0 to 2.11", "&eventsPerSecond=10&vsn=1.0.0", JOIN_REFS)
                        .joining(config("{\"ack\":false,\"self\":true}", "{\"key\":\"\"}", "")),
                objects("realtime-js 2.12 to 2.87", "&vsn=1.0.0", JOIN_REFS)
                        .joining(config(
                                "{\"ack\":false,\"self\":true}",
                                "{\"key\":\"\",\"enabled\":true}",
                                ",\"private\":false")),
                arrays("realtime-js from 2.88", "&vsn=2.0.0", "\"1\"", "\"1\"")
                        .joining(config(
                                "{\"ack\":false,\"self\":true}",
                                "{\"key\":\"\",\"enabled\":true}",
                                ",\"private\":false")),
                objects("realtime-py 2.x", "", ",\"join_ref\":null")
                        .withoutRefInHeartbeats()
                        .tracking("{\"event\":\"track\",\"payload\":{\"name\":\"me\"}}")
                        .joining(config("{\"ack\":false,\"self\":true}", "{\"key\":\"\"}", ",\"private\":false")),
                arrays("realtime-py 0.x, version 2", "&vsn=2.0.0", "null", "null")
                        .joining(config("{\"self\":true}", "null", "")),
                objects("realtime_client (Dart) 1.x", "&vsn=1.0.0", JOIN_REFS)
                        .refreshing("{\"access_token\":null}")
                        .joining(config("{\"ack\":false,\"self\":true}", "{\"key\":\"\"}", "")
                                .replace("access_token", "user_token")),
                arrays("realtime_client (Dart) 2.x", "&log_level=warn&vsn=2.0.0", "\"1\"", "\"1\"")
                        .joining(config(
                                "{\"ack\":true,\"self\":true}",
                                "{\"key\":\"\",\"enabled\":false}",
                                ",\"private\":false")),
                arrays("supabase-swift Realtime v1", "&vsn=2.0.0", "\"1\"", "\"1\"")
                        .joining(config("{\"ack\":false,\"self\":true}", "{\"key\":\"\"}", "")),
                objects("supabase-swift RealtimeV2", "&vsn=1.0.0", JOIN_REFS)
                        .joining("{\"access_token\":\"TOKEN\",\"version\":\"realtime-swift/2.0\",\"config\":"
                                + "{\"broadcast\":{\"acknowledgeBroadcasts\":false,\"self\":true},"
                                + "\"presence\":{\"key\":\"\"},\"postgres_changes\":[" + BINDING
                                + "],\"private\":false}}"),
                objects("realtime-csharp", "&token=TOKEN&vsn=1.0.0", "")
                        .withGuids()
                        .joining("{\"config\":{\"broadcast\":{\"self\":true,\"ack\":false},\"presence\":null,"
                                + "\"postgres_changes\":[" + BINDING + "]}}"),
                objects("supabase-kt 1.x and 2.x", "&vsn=1.0.0", "")
                        .joining(config("{\"acknowledgeBroadcasts\":false,\"self\":true}", "{\"key\":\"\"}", "")),
                arrays("supabase-kt 3.x", "&vsn=2.0.0", "\"0\"", "null")
                        .joining(config(
                                "{\"ack\":false,\"self\":true,\"replication_ready\":false}",
                                "{\"key\":\"\",\"enabled\":false}",
                                ",\"private\":false")),
                arrays("a Phoenix client that counts with integers", "&vsn=2.0.0", "1", "1")
                        .withNumbers()
                        .joining(config("{\"self\":\"true\"}", "{\"key\":7}", ",\"private\":\"false\"")),
                objects("a Phoenix 1.0.0 client that counts with integers", "&vsn=1.0.0", ",\"join_ref\":1")
                        .withNumbers()
                        .joining(config("{\"self\":true}", "{}", "")));
    }

    private static final String JOIN_REFS = ",\"join_ref\":\"1\"";

    private static String config(String broadcast, String presence, String more) {
        return "{\"config\":{\"broadcast\":" + broadcast + ",\"presence\":" + presence + ",\"postgres_changes\":["
                + BINDING + "]" + more + "},\"access_token\":\"TOKEN\"}";
    }

    private ClientForm joining(String payload) {
        return map(frame -> frame.replace("PAYLOAD", payload));
    }

    private ClientForm tracking(String payload) {
        return map(frame -> frame.replace(TRACK, payload));
    }

    private ClientForm refreshing(String payload) {
        return map(frame -> frame.replace(NEW_TOKEN, payload));
    }

    private ClientForm withoutRefInHeartbeats() {
        return map(frame -> frame.replace("\"ref\":\"9\"", "\"ref\":null"));
    }

    /// Numbers in place of strings; that of heartbeats is a fraction.
    private ClientForm withNumbers() {
        return map(frame -> numbers(frame.replace("\"9\"", "9.5")));
    }

    /// Guids, and heartbeats without a payload.
    private ClientForm withGuids() {
        return map(frame -> frame.replace("\"ref\":\"", "\"ref\":\"5f1c0e0a-7e38-4a57-9a3e-0e2d6e4b7f3")
                .replace("heartbeat\",\"payload\":{}", "heartbeat\",\"payload\":null"));
    }

    private ClientForm map(UnaryOperator<String> change) {
        return new ClientForm(
                client,
                query,
                change.apply(heartbeat),
                change.apply(join),
                change.apply(track),
                change.apply(broadcast),
                change.apply(token),
                change.apply(leave));
    }

    private static String numbers(String frame) {
        return frame.replaceAll("(\"ref\":|\"join_ref\":|[\\[,])\"([1-9])\"", "$1$2");
    }

    private static ClientForm objects(String client, String query, String joinRef) {
        return new ClientForm(
                client,
                query,
                "{\"topic\":\"phoenix\",\"event\":\"heartbeat\",\"payload\":{},\"ref\":\"9\"}",
                object("phx_join", "PAYLOAD", "1", joinRef),
                object("presence", TRACK, "2", joinRef),
                object("broadcast", MESSAGE, "3", joinRef),
                object("access_token", NEW_TOKEN, "4", joinRef),
                object("phx_leave", "{}", "5", joinRef));
    }

    private static String object(String event, String payload, String ref, String joinRef) {
        return "{\"topic\":\"realtime:TOPIC\",\"event\":\"" + event + "\",\"payload\":" + payload + ",\"ref\":\"" + ref
                + "\"" + joinRef + "}";
    }

    /// @param pushRef the join ref that pushes and the leave carry
    private static ClientForm arrays(String client, String query, String joinRef, String pushRef) {
        return new ClientForm(
                client,
                query,
                "[null,\"9\",\"phoenix\",\"heartbeat\",{}]",
                array(joinRef, "1", "phx_join", "PAYLOAD"),
                array(pushRef, "2", "presence", TRACK),
                array(pushRef, "3", "broadcast", MESSAGE),
                array(pushRef, "4", "access_token", NEW_TOKEN),
                array(pushRef, "5", "phx_leave", "{}"));
    }

    private static String array(String joinRef, String ref, String event, String payload) {
        return "[" + joinRef + ",\"" + ref + "\",\"realtime:TOPIC\",\"" + event + "\"," + payload + "]";
    }
}
