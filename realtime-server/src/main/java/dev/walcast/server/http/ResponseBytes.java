package dev.walcast.server.http;

import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataWriter;
import java.util.function.Consumer;

/// Passes the HTTP engine's responses on to the client. The engine speaks HTTP/1.1 and may send a body after any
/// request. A client of HTTP/1.0 receives no chunks, and a HEAD request no body. For the connection's own thread.
public final class ResponseBytes implements DataWriter {
    /// The position of the status in `HTTP/1.1 200`.
    private static final int STATUS_AT = 9;

    private final Consumer<BufferData> socket;
    private final Runnable endAfterThis;
    private boolean begun;
    private boolean muted;
    private ResponseFilter filter = ResponseFilter.NONE;

    /// @param socket       writes the bytes, or throws an [UncheckedIOException]
    /// @param endAfterThis called when the end of the connection ends the response
    public ResponseBytes(Consumer<BufferData> socket, Runnable endAfterThis) {
        this.socket = requireNonNull(socket, "socket is null");
        this.endAfterThis = requireNonNull(endAfterThis, "endAfterThis is null");
    }

    /// Sets the request that the next bytes answer.
    public void answers(RequestHead request) {
        begun = false;
        boolean isHead = request.method().equals("HEAD");
        filter = isHead || request.http10()
                ? new ResponseEdit(request.http10(), isHead, endAfterThis)
                : ResponseFilter.NONE;
    }

    /// Whether the client received a byte of the response to the last request.
    public boolean hasBegun() {
        return begun;
    }

    /// Whether it is a `100 Continue`, which precedes the response.
    static boolean isInterim(BufferData bytes) {
        return bytes.available() > STATUS_AT && bytes.get(STATUS_AT) == '1';
    }

    /// Drops everything that is written from now on.
    public void mute() {
        muted = true;
    }

    @Override
    public void write(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void write(BufferData buffer) {
        writeNow(buffer);
    }

    @Override
    public void writeNow(BufferData... buffers) {
        writeNow(BufferData.create(buffers));
    }

    @Override
    public void writeNow(BufferData buffer) {
        if (muted) {
            return;
        }
        BufferData filtered = filter.apply(buffer);
        if (filtered.available() > 0) {
            begun |= !isInterim(filtered);
            socket.accept(filtered);
        }
    }
}
