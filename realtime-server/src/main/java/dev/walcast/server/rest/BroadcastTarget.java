package dev.walcast.server.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Utf8;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import java.net.URLDecoder;

/// The topic and event of a single broadcast, as named in the path.
record BroadcastTarget(Topic topic, String event) {
    /// The longest text that fits into the header of a binary frame.
    private static final int BYTES_MAX = 255;

    private static final String BEFORE_TOPIC = "/api/broadcast/";
    private static final String BEFORE_EVENT = "/events/";

    BroadcastTarget {
        requireNonNull(topic, "topic is null");
        requireNonNull(event, "event is null");
    }

    /// @param rawPath the path as sent, `…/api/broadcast/:topic/events/:event`. A slash in the topic may be encoded
    /// or not,
    ///                because one client does not encode it
    static BroadcastTarget parse(String rawPath) throws RequestRefusedException {
        int topic = rawPath.indexOf(BEFORE_TOPIC) + BEFORE_TOPIC.length();
        int event = rawPath.lastIndexOf('/') + 1;
        int end = event - BEFORE_EVENT.length();
        if (end <= topic || event == rawPath.length() || !rawPath.startsWith(BEFORE_EVENT, end)) {
            throw new RequestRefusedException(RestResponse.html(ErrorCode.REST_NOT_FOUND));
        }
        BroadcastTarget target = new BroadcastTarget(
                Topic.named(decoded(rawPath.substring(topic, end))), decoded(rawPath.substring(event)));
        if (target.topic().bytes() > BYTES_MAX) {
            throw new RequestRefusedException(RestResponse.field("topic", ErrorCode.FIELD_TOO_LONG));
        }
        if (target.event().getBytes(UTF_8).length > BYTES_MAX) {
            throw new RequestRefusedException(RestResponse.field("event", ErrorCode.FIELD_TOO_LONG));
        }
        return target;
    }

    private static String decoded(String encoded) throws RequestRefusedException {
        try {
            byte[] bytes =
                    URLDecoder.decode(encoded.replace("+", "%2B"), ISO_8859_1).getBytes(ISO_8859_1);
            if (Utf8.isValid(bytes, 0, bytes.length)) {
                return new String(bytes, UTF_8);
            }
        } catch (IllegalArgumentException _) {
            // answered like text that is not UTF-8
        }
        throw new RequestRefusedException(RestResponse.html(ErrorCode.REST_MALFORMED));
    }
}
