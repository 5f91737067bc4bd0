package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.CallerQuestions;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/// One caller and its remaining limits. Safe for any thread.
final class Caller {
    private static final int BURST_SECONDS = 10;

    private final int messagesPerSecond;
    private final Bucket messages;
    private final Semaphore bodies;
    private final CallerQuestions.Share questions;

    Caller(RestLimits limits, CallerQuestions.Share questions) {
        this.questions = requireNonNull(questions, "questions is null");
        this.messagesPerSecond = limits.messagesPerSecond();
        this.messages = Bucket.builder()
                .withNanosecondPrecision()
                .addLimit(limit -> limit.capacity((long) BURST_SECONDS * messagesPerSecond)
                        .refillGreedy(messagesPerSecond, Duration.ofSeconds(1)))
                .build();
        this.bodies = new Semaphore(limits.bodiesMax());
    }

    /// Takes tokens for all messages or for none.
    boolean take(int count) {
        return messages.tryConsume(count);
    }

    /// How many messages it may send at once after a pause.
    int batchMax() {
        return BURST_SECONDS * messagesPerSecond;
    }

    boolean isExhausted() {
        return messages.getAvailableTokens() == 0;
    }

    /// Begins a body if the caller may send another one. If true, [#endBody] must follow.
    boolean tryBeginBody() {
        return bodies.tryAcquire();
    }

    void endBody() {
        bodies.release();
    }

    /// The caller's share of the questions about private topics.
    CallerQuestions.Share questions() {
        return questions;
    }

    int messagesPerSecond() {
        return messagesPerSecond;
    }

    /// How many messages are left of the current second.
    long remaining() {
        return Math.min(messagesPerSecond, messages.getAvailableTokens());
    }
}
