package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.time.Instant;

/// What a join says about hearing stored broadcasts again.
public sealed interface ReplayRequest {
    int LIMIT_MAX = MessageHistory.LIMIT_MAX;

    /// The last millisecond of the year 9999; the reference knows no later time.
    long SINCE_MAX = 253_402_300_799_999L;

    /// Not a word.
    record Absent() implements ReplayRequest {}

    /// Something that is no object, which counts as nothing where a replay would be possible.
    record Ignored() implements ReplayRequest {}

    record Unreadable() implements ReplayRequest {}

    /// @param limit between 1 and [#LIMIT_MAX]
    record Wanted(Instant since, int limit) implements ReplayRequest {
        public Wanted {
            requireNonNull(since, "since is null");
        }
    }

    /// @param replay `config.broadcast.replay`
    static ReplayRequest read(JsonNode replay) {
        if (replay.isMissingNode()) {
            return new Absent();
        }
        if (!replay.isObject()) {
            return new Ignored();
        }
        JsonNode since = replay.path("since");
        JsonNode limit = replay.path("limit");
        boolean readable = since.isIntegralNumber()
                && since.canConvertToLong()
                && since.longValue() >= 0
                && since.longValue() <= SINCE_MAX
                && (limit.isMissingNode() || limit.isIntegralNumber());
        return readable ? new Wanted(Instant.ofEpochMilli(since.longValue()), clamped(limit)) : new Unreadable();
    }

    private static int clamped(JsonNode limit) {
        BigInteger max = BigInteger.valueOf(LIMIT_MAX);
        return limit.isMissingNode()
                ? LIMIT_MAX
                : limit.bigIntegerValue().min(max).max(BigInteger.ONE).intValue();
    }
}
