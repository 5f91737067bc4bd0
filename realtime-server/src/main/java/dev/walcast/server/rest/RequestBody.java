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

/// What a request carries, taken in within the bounds of a body in size and in time, however it is sent. One that
/// takes too long ends its connection: there is nobody to answer who is still speaking. Used by the request's
/// thread only.
final class RequestBody implements AutoCloseable {
    private static final int CHUNK_BYTES = 16 * 1024;

    /// A body that arrives as fast as it is read never blocks its thread.
    private static final int BYTES_OF_A_TURN = 64 * 1024;

    /// Messages are copied out of the body, each into its envelope.
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

    /// The whole body, counted in the budget of memory until [#close]. To be called once.
    ///
    /// @throws RequestRefusedException when it is larger than a body may be, or there is no memory for it
    byte[] read() throws RequestRefusedException {
        BodyBuffer bytes = new BodyBuffer(memory);
        kept = bytes;
        transfer(bytes, limits.bodyBytesMax());
        if (length > limits.bodyBytesMax()) {
            bytes.close();
            throw new RequestRefusedException(Answer.html(ErrorCode.REST_BODY_TOO_LARGE));
        }
        return bytes.take(COPIES)
                .orElseThrow(() -> new RequestRefusedException(Answer.message(ErrorCode.MEMORY_EXHAUSTED)));
    }

    /// What was read is not used any more.
    @Override
    public void close() {
        if (kept != null) {
            kept.close();
            kept = null;
        }
    }

    /// Takes in what the caller is still sending, so that he gets to read the answer; false when there is more than
    /// twice what a body may have, or when he has not begun and waits to be told so.
    boolean discard() {
        if (!isAwaited()) {
            transfer(OutputStream.nullOutputStream(), 2L * limits.bodyBytesMax());
        }
        return ended;
    }

    /// Goes on listening to a caller who has his answer, until he ends or the time of a body is over. An end
    /// before would reset the connection, and with it an answer that he has not read yet. Only time bounds it,
    /// since nothing is kept. The connection has to end after it.
    void hearOut() {
        if (!isAwaited()) {
            transfer(OutputStream.nullOutputStream(), Long.MAX_VALUE);
        }
    }

    /// Whether the caller will send it only when told to go on.
    private boolean isAwaited() {
        return !ended && request.headers().contains(HeaderNames.EXPECT) && !request.continueSent();
    }

    /// Passes on what comes, until more than that has come in all.
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
                    Turns.giveUp();
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
