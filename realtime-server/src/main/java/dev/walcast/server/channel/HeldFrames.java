package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.protocol.OutboundFrame;
import java.util.ArrayList;
import java.util.List;

/// Keeps what reaches a private channel between a new token and the database's answer about it: under the older token
/// it must not be delivered any more, and under the newer one not yet. Guarded by the channel's lock.
final class HeldFrames {
    static final int FRAMES_MAX = 2_000;

    private static final int BYTES_MAX = 8 * 1024 * 1024;

    private final MemoryAccount memory;
    private int tokens;
    private List<OutboundFrame> frames = List.of();
    private long bytes;
    private boolean overflown;

    HeldFrames(MemoryAccount memory) {
        this.memory = requireNonNull(memory, "memory is null");
    }

    /// A token came.
    void begin() {
        tokens++;
    }

    /// A token's answer is there.
    void end() {
        tokens--;
    }

    /// Whether a token waits for its answer.
    boolean isHolding() {
        return tokens > 0;
    }

    /// Keeps a frame, or forgets all when they become too many.
    void add(OutboundFrame frame) {
        bytes += frame.bytes();
        if (overflown
                || frames.size() >= FRAMES_MAX
                || bytes > BYTES_MAX
                || !memory.hold(frame.ownBytes(), frame.shared())) {
            overflown = true;
            forget();
            return;
        }
        if (frames.isEmpty()) {
            frames = new ArrayList<>();
        }
        frames.add(frame);
    }

    /// Whether more came than could be kept.
    boolean overflown() {
        return overflown;
    }

    /// All that was kept, in order.
    List<OutboundFrame> take() {
        List<OutboundFrame> taken = frames;
        bytes = 0;
        forget();
        return taken;
    }

    /// Nothing of what was kept is delivered.
    void forget() {
        frames.forEach(frame -> memory.release(frame.ownBytes(), frame.shared()));
        frames = List.of();
    }
}
