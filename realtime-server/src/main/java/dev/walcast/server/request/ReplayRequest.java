package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigInteger;
import java.time.Instant;

/// Which stored broadcasts a join asks for.
public sealed interface ReplayRequest {
    /// The most broadcasts that a client may ask for.
    int LIMIT_MAX = 25;

    /// The last millisecond of the year 9999; the reference knows no later time.
    long SINCE_MAX = 253_402_300_799_999L;

    /// The join has no such key.
    record Absent() implements ReplayRequest {}

    /// A value that is no object. On a private channel it asks for nothing.
    record Ignored() implements ReplayRequest {}

    /// An object without a time, or with a wrong limit.
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
