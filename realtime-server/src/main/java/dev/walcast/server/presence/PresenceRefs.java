package dev.walcast.server.presence;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/// Generates the `phx_ref` of tracked objects. Refs are unique across servers and restarts.
final class PresenceRefs {
    private static final int BYTES = Long.BYTES + Integer.BYTES;

    private final int server = new SecureRandom().nextInt();
    private final AtomicLong next = new AtomicLong(TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()));

    String next() {
        byte[] ref = ByteBuffer.allocate(BYTES)
                .putLong(next.getAndIncrement())
                .putInt(server)
                .array();
        return Base64.getUrlEncoder().encodeToString(ref);
    }
}
