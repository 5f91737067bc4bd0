package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Reads bodies, bounded in size and in time however they are sent. A body that takes too long ends its connection:
/// there is nobody to answer who is still speaking.
final class BodyReader implements AutoCloseable {
    private static final int CHUNK_BYTES = 16 * 1024;

    private final RestLimits limits;
    private final ScheduledThreadPoolExecutor alarms = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("rest-alarms").factory());

    BodyReader(RestLimits limits) {
        this.limits = requireNonNull(limits, "limits is null");
        alarms.setRemoveOnCancelPolicy(true);
    }

    Body read(ServerRequest request) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        long length = transfer(request, bytes);
        return length >= 0 && length <= limits.bodyBytesMax()
                ? new Body.Whole(bytes.toByteArray())
                : new Body.TooLarge(length >= 0);
    }

    /// Takes in what the caller is still sending, so that he gets to read the answer; false when there is more than
    /// that, or when he has not begun and waits to be told so.
    boolean discard(ServerRequest request) {
        boolean waits = request.headers().contains(HeaderNames.EXPECT) && !request.continueSent();
        return request.content().consumed() || (!waits && transfer(request, OutputStream.nullOutputStream()) >= 0);
    }

    /// How many bytes came, of which only those within the bound are passed on; below 0 when no end was in sight.
    private long transfer(ServerRequest request, OutputStream into) {
        if (!request.content().hasEntity()) {
            return 0;
        }
        byte[] chunk = new byte[CHUNK_BYTES];
        long length = 0;
        try (Alarm _ = new Alarm()) {
            InputStream stream = request.content().inputStream();
            for (int count = stream.read(chunk); count >= 0; count = stream.read(chunk)) {
                length += count;
                if (length <= limits.bodyBytesMax()) {
                    into.write(chunk, 0, count);
                } else if (length > 2L * limits.bodyBytesMax()) {
                    return -1;
                }
            }
            return length;
        } catch (IOException | RuntimeException e) {
            throw new CloseConnectionException("the body did not arrive", e);
        }
    }

    @Override
    public void close() {
        alarms.shutdownNow();
    }

    /// Interrupts whoever made it unless it is closed in time; a virtual thread that reads from a socket loses it then.
    private final class Alarm implements AutoCloseable {
        private final Thread reader = Thread.currentThread();
        private final Future<?> alarm =
                alarms.schedule(this::ring, limits.bodyTimeout().toNanos(), TimeUnit.NANOSECONDS);
        private boolean inTime;

        private synchronized void ring() {
            if (!inTime) {
                reader.interrupt();
            }
        }

        @Override
        public synchronized void close() {
            inTime = true;
            alarm.cancel(false);
        }
    }
}
