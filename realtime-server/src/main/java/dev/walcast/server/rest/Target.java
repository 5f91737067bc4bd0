package dev.walcast.server.rest;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Utf8;
import java.net.URLDecoder;

/// Where a single broadcast goes, as the path says it.
///
/// @param topic without its `realtime:`
record Target(String topic, String event) {
    /// What fits into the header of a binary frame.
    private static final int BYTES_MAX = 255;

    private static final String PREFIX = "realtime:";

    Target {
        requireNonNull(topic, "topic is null");
        requireNonNull(event, "event is null");
    }

    /// @param rawPath as it was sent, `…/broadcast/:topic/events/:event`, so that an encoded slash is part of a name
    static Target parse(String rawPath) throws RequestRefusedException {
        String[] segments = rawPath.split("/", -1);
        int last = segments.length - 1;
        if (last < 4 || !segments[last - 1].equals("events") || !segments[last - 3].equals("broadcast")) {
            throw new RequestRefusedException(Answer.html(ErrorCode.REST_NOT_FOUND));
        }
        Target target = new Target(decoded(segments[last - 2]), decoded(segments[last]));
        if (isTooLong(PREFIX + target.topic())) {
            throw new RequestRefusedException(Answer.field("topic", ErrorCode.FIELD_TOO_LONG));
        }
        if (isTooLong(target.event())) {
            throw new RequestRefusedException(Answer.field("event", ErrorCode.FIELD_TOO_LONG));
        }
        return target;
    }

    private static boolean isTooLong(String text) {
        return text.getBytes(UTF_8).length > BYTES_MAX;
    }

    private static String decoded(String segment) throws RequestRefusedException {
        if (segment.isEmpty()) {
            throw new RequestRefusedException(Answer.html(ErrorCode.REST_NOT_FOUND));
        }
        try {
            byte[] bytes =
                    URLDecoder.decode(segment.replace("+", "%2B"), ISO_8859_1).getBytes(ISO_8859_1);
            if (Utf8.isValid(bytes, 0, bytes.length)) {
                return new String(bytes, UTF_8);
            }
        } catch (IllegalArgumentException _) {
            // answered like text that is not UTF-8
        }
        throw new RequestRefusedException(Answer.html(ErrorCode.REST_MALFORMED));
    }
}
