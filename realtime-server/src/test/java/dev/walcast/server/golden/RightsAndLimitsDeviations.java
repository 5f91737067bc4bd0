package dev.walcast.server.golden;

import static dev.walcast.server.golden.Deviation.frame;
import static dev.walcast.server.golden.Deviation.instead;

import java.util.ArrayList;
import java.util.List;

/// The deviations of private channels, tokens and limits.
final class RightsAndLimitsDeviations {
    private static final String ANSWERED = "a client that asked for an acknowledgement receives the refusal";
    static final String MEASURED = "a refusal names the limit and the current value";
    private static final String OWN_BUCKET =
            "the channel that sends too much is closed, at the message beyond the limit, and no other";
    private static final String STAYS_OPEN =
            "a join beyond the limit does not close the socket, and nothing waits for its refusal";

    private RightsAndLimitsDeviations() {}

    static List<Deviation> all() {
        List<Deviation> all = new ArrayList<>();
        addPrivate(all);
        all.add(instead(
                "tokens_refresh.v2",
                ":signature_error",
                Deviation.OWN_TEXTS,
                frame("v2", "1", null, "realtime:rf", "system", note("Failed to validate JWT signature", "rf", ""))));
        addChannelsAndUsers(all);
        addJoins(all);
        addEvents(all, "v1", 224);
        addEvents(all, "v2", 324);
        return all;
    }

    private static void addPrivate(List<Deviation> all) {
        String name = "private_channels.v2";
        String denied = frame("v2", "1", "2", "realtime:ro:p", "phx_reply", """
                {"status":"error","response":{"reason":"Unauthorized: You do not have permissions to write to this \
                Channel topic: ro:p"}}""");
        all.add(new Deviation(name, "[\"1\",\"2\",\"realtime:ro:p\"", true, List.of(denied), ANSWERED));
        all.add(instead(name, "403 suspended", Deviation.ONE_DATABASE, "101"));
    }

    private static void addChannelsAndUsers(List<Deviation> all) {
        for (String ref : List.of("4", "5")) {
            String topic = "realtime:c" + ref;
            String refused = refusedJoin(ref, topic, "ChannelRateLimitReached", "Too many channels", 3, 3);
            all.add(instead("limits.v2", "[\"" + ref + "\",\"" + ref + "\",\"" + topic + "\"", MEASURED, refused));
        }
        for (String user : List.of("user3", "user4")) {
            String body = """
                    {"error":"Too many connected users","code":"ConnectionRateLimitReached","limit":2,"current":2}""";
            all.add(instead("limits.v2", "429 " + user, MEASURED, "429", body));
        }
    }

    private static void addJoins(List<Deviation> all) {
        all.add(instead(
                "limits.v2",
                "[\"321\",\"321\",\"realtime:j50\"",
                STAYS_OPEN,
                closed("231", "realtime:j50"),
                closed("232", "realtime:j51"),
                tooManyJoins("321", "realtime:j50", 321),
                tooManyJoins("322", "realtime:j51", 322)));
        all.add(instead("limits.v2", "[\"231\",\"231\",\"realtime:j50\",\"phx_close\"", STAYS_OPEN));
        all.add(instead(
                "limits.v2",
                "1001 joins",
                STAYS_OPEN,
                closed("233", "realtime:j52"),
                tooManyJoins("323", "realtime:j52", 323)));
        String body = """
                {"error":"Too many joins per second","code":"JoinsRateLimitReached","limit":5,"current":323}""";
        all.add(instead("limits.v2", "429 after-joins", MEASURED, "429", body));
    }

    private static String closed(String ref, String topic) {
        return frame("v2", ref, ref, topic, "phx_close", "{}");
    }

    private static String tooManyJoins(String ref, String topic, int current) {
        return refusedJoin(ref, topic, "ClientJoinRateLimitReached", "Too many joins per second", 5, current);
    }

    private static String refusedJoin(String ref, String topic, String code, String text, int limit, int current) {
        String payload = "{\"status\":\"error\",\"response\":{\"reason\":\"" + code + ": " + text + "\""
                + measure(code, limit, current) + "}}";
        return frame("v2", ref, ref, topic, "phx_reply", payload);
    }

    /// @param last the number of the message that is one too many
    private static void addEvents(List<Deviation> all, String version, int last) {
        String name = "limits_events." + version;
        boolean v2 = version.equals("v2");
        String again = Integer.toString(last + 3);
        all.add(instead(name, "\"payload\":{\"i\":" + last + "}", OWN_BUCKET));
        all.add(instead(name, v2 ? "[\"1\",\"326\"," : "{\"ref\":\"226\",", OWN_BUCKET));
        all.add(instead(
                name,
                (v2 ? "\"channel\":\"ev\"}]" : "\"channel\":\"ev\"},\"topic\":\"realtime:ev\"}") + " other",
                OWN_BUCKET));
        all.add(instead(
                name,
                (v2 ? "\"phx_close\",{}]" : "\"phx_close\",\"payload\":{},\"topic\":\"realtime:ev\"}") + " other",
                OWN_BUCKET));
        all.add(instead(name, "\"channel\":\"ev\"}", MEASURED, tooManyMessages(version, "1", "ev", last + 1)));
        all.add(instead(
                name,
                v2
                        ? "\"realtime:ev2\",\"broadcast\""
                        : "\"payload\":{},\"type\":\"broadcast\"},\"topic\":\"realtime:ev2\"",
                OWN_BUCKET));
        all.add(instead(name, v2 ? "[\"327\",\"328\"" : "{\"ref\":\"228\",", OWN_BUCKET));
        all.add(instead(name, "\"channel\":\"ev2\"", MEASURED, tooManyMessages(version, again, "ev2", last + 2)));
    }

    private static String tooManyMessages(String version, String joinRef, String channel, int current) {
        String measure = measure("MessagePerSecondRateLimitReached", 5, current);
        String note = note("Too many messages per second", channel, measure);
        return frame(version, joinRef, null, "realtime:" + channel, "system", note);
    }

    private static String note(String message, String channel, String measure) {
        return "{\"message\":\"" + message + "\",\"status\":\"error\",\"extension\":\"system\",\"channel\":\"" + channel
                + "\"" + measure + "}";
    }

    private static String measure(String code, int limit, int current) {
        return ",\"code\":\"" + code + "\",\"limit\":" + limit + ",\"current\":" + current;
    }
}
