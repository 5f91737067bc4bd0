package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.CallerQuestions;
import io.github.bucket4j.Bucket;
import java.time.Duration;
import java.util.concurrent.Semaphore;

/// One who calls, and what he has left. Safe for any thread.
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

    /// All of them or none.
    boolean take(int count) {
        return messages.tryConsume(count);
    }

    /// How many it may send at once after a pause.
    int batchMax() {
        return BURST_SECONDS * messagesPerSecond;
    }

    boolean isExhausted() {
        return messages.getAvailableTokens() == 0;
    }

    /// Whether he may send another body now; if so it has to be given back.
    boolean beginBody() {
        return bodies.tryAcquire();
    }

    void endBody() {
        bodies.release();
    }

    /// About private topics.
    CallerQuestions.Share questions() {
        return questions;
    }

    int messagesPerSecond() {
        return messagesPerSecond;
    }

    /// Of the messages of one second.
    long remaining() {
        return Math.min(messagesPerSecond, messages.getAvailableTokens());
    }
}
