package dev.walcast.server.golden;

import java.util.ArrayList;
import java.util.List;

/// An intended difference from the reference.
///
/// @param transcript the transcript with its version
/// @param at         part of the recorded line's content
/// @param extra      whether Walcast's frames come after that line instead of replacing it
/// @param frames     what Walcast sends; for a refused or closed socket its status or code
public record Deviation(String transcript, String at, boolean extra, List<String> frames, String reason) {
    static final String ONE_DATABASE = "one server serves one database, whatever the host name";
    static final String OWN_TEXTS = "the reference shows the text of an exception of its own";
    private static final String VERBATIM =
            "payloads are forwarded as they came: any number, and a repeated key is the receiver's to judge";
    private static final String INVALID_JSON =
            "a payload that only claims to be JSON would break the 1.0.0 frame around it";
    private static final String KIND_0 = "binary pushes of kind 0 are ignored: no official client sends or reads them";
    private static final String OBJECTS_ONLY = "one client accepts only objects as a response, all clients accept one";
    private static final String NO_PATH = "the web server's own text where the protocol defines none";
    private static final String PREFLIGHT = "browsers send a preflight, and there may be no gateway that answers";
    private static final String CLOSE_CODE = "the reference resets the connection before its close frame is read";

    private static final String NAMED_CLAIM = "an unusable token is the client's fault, and the claim is named";
    private static final String EXP_IS_TEXT =
            "{\"error\":\"The claim `exp` must be a number, the seconds since 1970\"}";

    private static final String NUMBERS = """
            {"type":"broadcast","event":"e","payload":{"a":12345678901234567890123,"b":1.0,"c":%s,"d":0.1,"z":1,\
            "a2":2,"dup":1,"dup":2,"uni":"\\u00e9\\ud83d\\ude00\\u2028","sl":"<\\/>"}}""";
    private static final String TOO_LARGE = """
            {"status":"error","response":{"reason":"payload_size_exceeded","code":"PayloadSizeExceeded","limit":1500,\
            "current":%d}}""";
    private static final String REST_PAYLOAD = """
            {"type":"broadcast","event":"e","payload":{}}""";

    static List<Deviation> all() {
        List<Deviation> all = new ArrayList<>();
        for (String version : List.of("v1", "v2")) {
            all.add(instead("connect." + version, "404", ONE_DATABASE, "101"));
            all.add(instead("connect." + version, "500 expstring", NAMED_CLAIM, "401", EXP_IS_TEXT));
            addNumbers(all, version);
            addOversize(all, version);
        }
        all.add(instead("broadcast_oversize.v1", "1006 frame5MB", CLOSE_CODE, "1009"));
        addJoins(all);
        addBinary(all);
        all.addAll(PresenceDeviations.all());
        all.addAll(RightsAndLimitsDeviations.all());
        addRest(all);
        return all;
    }

    private static void addNumbers(List<Deviation> all, String version) {
        String name = "broadcast_number_fidelity." + version;
        String huge = frame(version, null, null, "realtime:nf", "broadcast", NUMBERS.formatted("1e400"));
        String large = frame(version, null, null, "realtime:nf", "broadcast", NUMBERS.formatted("1e20"));
        all.add(new Deviation(name, "1e400", true, List.of(huge), VERBATIM));
        all.add(instead(name, "1.0e20", VERBATIM, large));
    }

    private static void addOversize(List<Deviation> all, String version) {
        String name = "broadcast_oversize." + version;
        String small = frame(version, "1", "3", "realtime:ov", "phx_reply", TOO_LARGE.formatted(3_053));
        String large = frame(version, "1", "2", "realtime:ov5", "phx_reply", TOO_LARGE.formatted(3_100_053));
        all.add(instead(name, recorded(version, "3", "realtime:ov\""), OBJECTS_ONLY, small));
        all.add(instead(name, recorded(version, "2", "realtime:ov5\""), OBJECTS_ONLY, large));
    }

    private static String recorded(String version, String ref, String topic) {
        return version.equals("v2")
                ? "\"" + ref + "\",\"" + topic + ",\"phx_reply\",{\"status\":\"error\""
                : "{\"ref\":\"" + ref + "\",\"event\":\"phx_reply\",\"payload\":{\"status\":\"error\","
                        + "\"response\":\"payload_size_exceeded\"},\"topic\":\"" + topic;
    }

    private static void addJoins(List<Deviation> all) {
        addJoin(all, "4", "realtime:x1", "config");
        addJoin(all, "5", "realtime:x2", "config.broadcast");
        addJoin(all, "10", "realtime:x7", "The join payload");
        addJoin(all, "11", "realtime:x8", "The join payload");
        addJoin(all, "12", "realtime:x9", "The join payload");
    }

    private static void addJoin(List<Deviation> all, String ref, String topic, String what) {
        String payload = "{\"status\":\"error\",\"response\":{\"reason\":\"UnknownErrorOnChannel: " + what
                + " must be an object\"}}";
        String ours = frame("v2", ref, ref, topic, "phx_reply", payload);
        all.add(instead("join_variants.v2", topic + "\",\"phx_reply\"", OWN_TEXTS, ours));
    }

    private static void addBinary(List<Deviation> all) {
        all.add(instead("broadcast_binary.v2", "\"payload\":{oops", INVALID_JSON));
        all.add(instead("broadcast_binary.v2", "AgsJcmVhbHRpbWU6YmJicm9hZGNhc3QBAg==", KIND_0));
        all.add(instead("broadcast_binary.v2", "unable to parse response", KIND_0));
        all.add(instead("broadcast_binary.v2", "[\"1\",\"90\",", KIND_0));
    }

    private static void addRest(List<Deviation> all) {
        String name = "rest_broadcast.v2";
        all.add(instead(name, "Tenant not found", ONE_DATABASE, "202 "));
        String delivered = frame("v2", null, null, "realtime:rest", "broadcast", REST_PAYLOAD);
        all.add(new Deviation(name, "nope.localhost", true, List.of(delivered), ONE_DATABASE));
        all.add(instead(name, "GET /nope", NO_PATH, "404 Endpoint not found"));
        all.add(instead(name, "OPTIONS /api/broadcast 404", PREFLIGHT, "204 "));
    }

    public static Deviation instead(String transcript, String at, String reason, String... frames) {
        return new Deviation(transcript, at, false, List.of(frames), reason);
    }

    public static String frame(String version, String joinRef, String ref, String topic, String event, String payload) {
        return version.equals("v2")
                ? "[" + quoted(joinRef) + "," + quoted(ref) + ",\"" + topic + "\",\"" + event + "\"," + payload + "]"
                : "{\"topic\":\"" + topic + "\",\"event\":\"" + event + "\",\"payload\":" + payload + ",\"ref\":"
                        + quoted(ref) + "}";
    }

    static String quoted(String ref) {
        return ref == null ? "null" : "\"" + ref + "\"";
    }
}
