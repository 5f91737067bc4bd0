package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.log.OncePerMinute;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Logs why tokens are refused, each reason at most once a minute. A line holds nothing of a token: names of claims
/// come from the settings or from this server. Safe for any thread.
final class RefusalLog {
    private static final Logger LOG = LoggerFactory.getLogger(RefusalLog.class);

    private final Map<ErrorCode, LongAdder> counts = new EnumMap<>(ErrorCode.class);

    /// The settings bound the number of lines.
    private final OncePerMinute<String> lines;

    RefusalLog(Clock clock) {
        requireNonNull(clock, "clock is null");
        for (ErrorCode code : ErrorCode.values()) {
            counts.put(code, new LongAdder());
        }
        this.lines = new OncePerMinute<>(() -> ChronoUnit.NANOS.between(Instant.EPOCH, clock.instant()));
    }

    /// How many tokens were refused for this reason.
    long count(ErrorCode code) {
        return requireNonNull(counts.get(code)).sum();
    }

    void refused(Refusal refusal) {
        requireNonNull(counts.get(refusal.code())).increment();
        switch (refusal.code()) {
            case TOKEN_TIME_UNREADABLE, TOKEN_CLAIM_REFUSED -> log("A token is refused: " + refusal.text());
            case TOKEN_SIGNATURE_WRONG, TOKEN_ALGORITHM_REFUSED, TOKEN_KEY_UNKNOWN, TOKEN_INCOMPLETE, TOKEN_TOO_EARLY ->
                log("A token is refused: " + refusal.code().code() + ". " + advice(refusal.code()));
            default -> LOG.debug("A token is refused: {}", refusal.code());
        }
    }

    void warnOfDistantExpiry() {
        log("A token expires in more than 1,000 years: `exp` is a time in seconds, not in milliseconds.");
    }

    private static String advice(ErrorCode code) {
        return switch (code) {
            case TOKEN_INCOMPLETE -> "It needs a `role` and an `exp`.";
            case TOKEN_TOO_EARLY -> "Compare the clocks of this server and of the server that signs tokens.";
            default -> "Compare JWT_SECRET and JWT_JWKS with those of the server that signs tokens.";
        };
    }

    private void log(String line) {
        if (lines.tryTake(line)) {
            LOG.warn(line);
        }
    }
}
