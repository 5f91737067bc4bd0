package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// What one caller of the REST interface is allowed.
///
/// @param bodyBytesMax      of one request
/// @param bodyTimeout       how long a body may take to arrive; whoever is slower is cut
/// @param bodiesMax         bodies of one caller that are being read at the same time
/// @param payloadBytesMax   the payload of one broadcast
/// @param messagesPerSecond for long; for a moment ten times as many
public record RestLimits(
        int bodyBytesMax, Duration bodyTimeout, int bodiesMax, int payloadBytesMax, int messagesPerSecond) {
    public RestLimits {
        requireNonNull(bodyTimeout, "bodyTimeout is null");
        if (!bodyTimeout.isPositive()) {
            throw new IllegalArgumentException("bodyTimeout is not positive");
        }
        if (Math.min(Math.min(bodyBytesMax, bodiesMax), Math.min(payloadBytesMax, messagesPerSecond)) < 1) {
            throw new IllegalArgumentException("a limit is below 1");
        }
    }

    /// Bodies as large and as slow as the protocol allows.
    public static RestLimits of(int payloadBytesMax, int messagesPerSecond) {
        return new RestLimits(8_000_000, Duration.ofSeconds(30), 8, payloadBytesMax, messagesPerSecond);
    }
}
