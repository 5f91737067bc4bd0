package dev.walcast.server.golden;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// Replaces the refs and generated keys of one side of a conversation by names in the order of their appearance, so
/// that two sides can be compared. The comparison thus covers that a leave has the ref of its join.
final class PresenceNames {
    private static final Pattern MADE_UP =
            Pattern.compile("(?<=\"phx_ref(_prev)?\":\")[\\w-]{16}(?=\")|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Map<String, String> names = new LinkedHashMap<>();

    String named(String frame) {
        return MADE_UP.matcher(frame)
                .replaceAll(found -> names.computeIfAbsent(found.group(), _ -> "name " + names.size()));
    }
}
