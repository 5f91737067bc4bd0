package dev.walcast.server.golden;

import static dev.walcast.server.golden.Deviation.frame;
import static dev.walcast.server.golden.Deviation.instead;

import java.util.ArrayList;
import java.util.List;

/// The deviations of presence.
final class PresenceDeviations {
    private static final String OWN_REFS = "a client cannot assign refs: others distinguish metas by them";
    private static final String UNINTERESTED = "diffs are sent to channels that asked for presence or have tracked";
    private static final String NO_TENANT_FLAG = "presence for all is a setting of the server, PRESENCE_ENABLED";

    private static final String STATE_AFTER_TRACK =
            "later versions of the reference send the state after the track that turns presence on";

    private static final String RATE_LIMITED = """
            {"status":"error","message":"Client presence rate limit exceeded","extension":"system","channel":"prr",\
            "code":"ClientPresenceRateLimitReached","limit":5,"current":6}""";

    private static final String ANSWERED = "the reference closes later than it reads: what followed was not answered";
    private static final String UNMATCHED = """
            {"status":"error","response":{"reason":"unmatched topic"}}""";

    private PresenceDeviations() {}

    static List<Deviation> all() {
        List<Deviation> all = new ArrayList<>();
        for (String diff : List.of(
                "\"name\":\"Alice\"}]}},\"leaves\":{}}]",
                "\"name\":\"Bob\"}]}},\"leaves\":{}}]",
                "\"name\":\"Alice\"}]}}}]",
                "\"name\":\"Alice tab2\"}]}},\"leaves\":{}}]",
                "\"name\":\"Alice tab2\"}]}}}]",
                "\"name\":\"Alice2\"}]}}}]",
                "\"name\":\"Bob\"}]}}}]")) {
            all.add(instead("presence.v2", diff + " disabled", UNINTERESTED));
        }
        all.add(instead(
                "presence.v2",
                "Client presence rate limit exceeded",
                RightsAndLimitsDeviations.MEASURED,
                frame("v2", null, null, "realtime:prr", "presence_diff", lastDiff()),
                frame("v2", "1", null, "realtime:prr", "system", RATE_LIMITED)));
        all.add(instead(
                "presence.v2",
                "phx_close\",{}] rate",
                ANSWERED,
                frame("v2", "1", "1", "realtime:prr", "phx_close", "{}"),
                frame("v2", null, "8", "realtime:prr", "phx_reply", UNMATCHED)));
        all.add(new Deviation(
                "presence.v2",
                "\"payload\":{\"name\":\"Dis\"}",
                true,
                List.of(
                        frame("v2", "1", "2", "realtime:pr", "phx_reply", "{\"status\":\"ok\",\"response\":{}}"),
                        frame("v2", "1", null, "realtime:pr", "presence_state", "{}")),
                STATE_AFTER_TRACK));
        all.add(instead(
                "presence.v2",
                "[\"1\",\"2\",\"realtime:pr\",\"phx_reply\",{\"status\":\"ok\",\"response\":{}}] disabled",
                STATE_AFTER_TRACK));
        for (String version : List.of("v1", "v2")) {
            addPresenceWithoutKey(all, version);
        }
        return all;
    }

    private static void addPresenceWithoutKey(List<Deviation> all, String version) {
        String name = "presence_nokey." + version;
        String key =
                version.equals("v1") ? "06d03396-e739-11f1-bb7e-86d2235daea5" : "0b5b047c-e739-11f1-a0ef-86d2235daea5";
        String first = version.equals("v1") ? "GOqsNx16xAagYhsy" : "GOqsOOMwUeagYjFx";
        String second = version.equals("v1") ? "GOqsN6EfXdOgYhtC" : "GOqsOWb9GZ6gYjGB";
        String updated = metas(key, second, ",\"phx_ref_prev\":\"" + first + "\",\"x\":2");
        String update = "{\"joins\":" + updated + ",\"leaves\":" + metas(key, first, ",\"x\":1") + "}";
        String leave = "{\"joins\":{},\"leaves\":" + updated + "}";
        all.add(instead(
                name,
                "\"x\":2}]}},\"leaves\"",
                OWN_REFS,
                frame(version, null, null, "realtime:pnk", "presence_diff", update)));
        all.add(instead(
                name,
                "\"joins\":{},\"leaves\"",
                OWN_REFS,
                frame(version, null, null, "realtime:pnk", "presence_diff", leave)));
        all.add(instead(
                name,
                (version.equals("v1")
                                ? "\"presence_state\",\"payload\":{},\"topic\":\"realtime:x\"}"
                                : "presence_state\",{}]")
                        + " tenant-presence-on",
                NO_TENANT_FLAG));
    }

    /// Which the reference cut off.
    private static String lastDiff() {
        String joins = metas("r", "the-fifth-update", ",\"phx_ref_prev\":\"GOqsNnHyn2cLvhrS\",\"i\":4");
        String leaves = metas("r", "GOqsNnHyn2cLvhrS", ",\"phx_ref_prev\":\"GOqsNnHwgDYLvhrC\",\"i\":3");
        return "{\"joins\":" + joins + ",\"leaves\":" + leaves + "}";
    }

    private static String metas(String key, String ref, String rest) {
        return "{\"" + key + "\":{\"metas\":[{\"phx_ref\":\"" + ref + "\"" + rest + "}]}}";
    }
}
