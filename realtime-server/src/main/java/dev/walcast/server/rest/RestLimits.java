package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// The limits of one caller of the REST interface.
///
/// @param bodyBytesMax      bytes of one request's body
/// @param bodyTimeout       how long a body may take to arrive before its connection is cut
/// @param bodiesMax         bodies of one caller that are being read at the same time
/// @param payloadBytesMax   the payload of one broadcast
/// @param messagesPerSecond sustained rate; ten times as many at once
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

    /// Limits with the largest and slowest bodies that the protocol allows.
    public static RestLimits of(int payloadBytesMax, int messagesPerSecond) {
        return new RestLimits(8_000_000, Duration.ofSeconds(30), 8, payloadBytesMax, messagesPerSecond);
    }
}
