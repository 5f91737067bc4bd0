package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Ref;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.tasks.Timers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// The refused joins of one socket that wait for their answer, all for the same time. They are counted in its account
/// of memory and end with it. Safe for any thread.
final class WaitingRefusals {
    /// What an answer that waits takes besides its names: its timer and its address.
    private static final int OVERHEAD_BYTES = 512;

    private final Timers timers;
    private final Duration delay;
    private final int waitingMax;
    private final MemoryAccount memory;
    private final BiConsumer<Address, Refusal> answer;

    @GuardedBy("this")
    private final Queue<Waiting> waiting = new ArrayDeque<>(0);

    @GuardedBy("this")
    private boolean closed;

    /// @param timer of one answer, not necessarily this one: the timers answer the joins in their order
    private record Waiting(Address address, Refusal refusal, long bytes, Future<?> timer) {}

    /// @param waitingMax how many may wait; more are not answered
    WaitingRefusals(
            Timers timers, Duration delay, int waitingMax, MemoryAccount memory, BiConsumer<Address, Refusal> answer) {
        this.timers = requireNonNull(timers, "timers is null");
        this.delay = requireNonNull(delay, "delay is null");
        this.waitingMax = waitingMax;
        this.memory = requireNonNull(memory, "memory is null");
        this.answer = requireNonNull(answer, "answer is null");
    }

    /// @return false when it will not be answered
    boolean add(Address address, Refusal refusal) {
        long bytes = bytes(address);
        synchronized (this) {
            if (closed || waiting.size() >= waitingMax || !memory.tryHold(bytes)) {
                return false;
            }
            boolean added = false;
            try {
                added = waiting.add(new Waiting(address, refusal, bytes, timers.after(delay, this::answerNext)));
            } finally {
                if (!added) {
                    memory.release(bytes);
                }
            }
        }
        return true;
    }

    private static long bytes(Address address) {
        return OVERHEAD_BYTES
                + 2L * (address.topic().text().length() + length(address.ref()) + length(address.joinRef()));
    }

    private static int length(@Nullable Ref ref) {
        return ref == null ? 0 : ref.json().length();
    }

    /// The socket is gone: nothing is answered any more.
    synchronized void close() {
        closed = true;
        for (Waiting each : waiting) {
            each.timer.cancel(false);
            memory.release(each.bytes);
        }
        waiting.clear();
    }

    private void answerNext() {
        Waiting next;
        synchronized (this) {
            next = waiting.poll();
            if (next != null) {
                memory.release(next.bytes);
            }
        }
        if (next != null) {
            answer.accept(next.address, next.refusal);
        }
    }
}
