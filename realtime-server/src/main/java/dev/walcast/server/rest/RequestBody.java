package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.tasks.Turns;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/// Reads a request's body within bounds of size and time. A body that takes too long ends its connection, because a
/// client that is still sending does not read a response. Used by the request's thread only.
final class RequestBody implements AutoCloseable {
    private static final int CHUNK_BYTES = 16 * 1024;

    /// A body that arrives as fast as it is read never blocks its thread, so it has to be checked as well.
    private static final int BYTES_OF_A_TURN = 64 * 1024;

    /// Each message is copied from the body into its envelope.
    private static final int COPIES = 1;

    private final ServerRequest request;
    private final RestLimits limits;
    private final BodyAlarms alarms;
    private final MemoryBudget memory;
    private @Nullable BodyBuffer kept;
    private @Nullable InputStream stream;
    private long length;
    private boolean ended;

    RequestBody(ServerRequest request, RestLimits limits, BodyAlarms alarms, MemoryBudget memory) {
        this.request = requireNonNull(request, "request is null");
        this.limits = requireNonNull(limits, "limits is null");
        this.alarms = requireNonNull(alarms, "alarms is null");
        this.memory = requireNonNull(memory, "memory is null");
        this.ended = !request.content().hasEntity();
    }

    ServerRequest request() {
        return request;
    }

    /// Reads the whole body, counted in the memory budget until [#close]. Call it once.
    ///
    /// @throws RequestRefusedException when it exceeds its limit, or there is no memory for it
    byte[] read() throws RequestRefusedException {
        BodyBuffer bytes = new BodyBuffer(memory);
        kept = bytes;
        transfer(bytes, limits.bodyBytesMax());
        if (length > limits.bodyBytesMax()) {
            bytes.close();
            throw new RequestRefusedException(RestResponse.html(ErrorCode.REST_BODY_TOO_LARGE));
        }
        return bytes.take(COPIES)
                .orElseThrow(() -> new RequestRefusedException(RestResponse.message(ErrorCode.MEMORY_EXHAUSTED)));
    }

    /// Releases the body that was read.
    @Override
    public void close() {
        if (kept != null) {
            kept.close();
            kept = null;
        }
    }

    /// Reads and drops what the client is still sending, so that it reads the response. Returns false when there is
    /// more than twice the limit of a body, or when the client waits for `100 Continue`.
    boolean discard() {
        if (!isAwaited()) {
            transfer(OutputStream.nullOutputStream(), 2L * limits.bodyBytesMax());
        }
        return ended;
    }

    /// Reads on after the response was sent, until the client ends or the time for a body is over. Closing earlier
    /// would reset the connection and lose a response that the client has not read yet. Only time bounds this,
    /// because nothing is kept. The connection must be closed afterwards.
    void drain() {
        if (!isAwaited()) {
            transfer(OutputStream.nullOutputStream(), Long.MAX_VALUE);
        }
    }

    /// Whether the client sends the body only after `100 Continue`.
    private boolean isAwaited() {
        return !ended && request.headers().contains(HeaderNames.EXPECT) && !request.continueSent();
    }

    /// Passes on what arrives, until more than this has arrived in total.
    private void transfer(OutputStream into, long bytesMax) {
        if (ended) {
            return;
        }
        try (BodyAlarms.Alarm _ = alarms.set(limits.bodyTimeout())) {
            byte[] chunk = new byte[CHUNK_BYTES];
            long nextTurn = length + BYTES_OF_A_TURN;
            while (!ended && length <= bytesMax) {
                int count = stream().read(chunk);
                ended = count < 0;
                length += Math.max(count, 0);
                into.write(chunk, 0, Math.max(count, 0));
                if (length >= nextTurn) {
                    nextTurn = length + BYTES_OF_A_TURN;
                    Turns.yieldCarrier();
                }
            }
        } catch (IOException | RuntimeException e) {
            throw new CloseConnectionException("the body did not arrive", e);
        }
    }

    private InputStream stream() {
        if (stream == null) {
            stream = request.content().inputStream();
        }
        return stream;
    }
}
