package dev.walcast.server.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.helidon.webserver.CloseConnectionException;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Supplies a connection's bytes to the HTTP engine: one validated request after the other, each in canonical form.
/// Hands on no byte of a request before the engine asks for it. For one thread.
public final class RequestBytes implements Supplier<byte @Nullable []> {
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] LAST_CHUNK = "0\r\n\r\n".getBytes(US_ASCII);

    /// Is notified of the progress of reading.
    public interface Progress {
        /// Called before the first byte of a request.
        ///
        /// @return whether another request may come
        boolean awaitsRequest();

        /// Called after the first bytes of a request.
        void requestBegins();

        /// @throws RefusedRequestException when there is no room for it
        void requested(RequestHead head) throws RefusedRequestException;

        /// Called after [#requested].
        ///
        /// @return false when another engine than the current one answers this request
        boolean isAnsweredHere();

        /// Called after the last byte of a body.
        void bodyEnds();

        /// Called before it blocks until the client sends something, and afterwards.
        void blocked(boolean blocked);

        void refused(RefusedRequestException refusal);
    }

    private enum Stage {
        HEAD,
        LENGTH,
        CHUNKS,
        UPGRADED,
        ENDED
    }

    private final Supplier<byte @Nullable []> source;
    private final Progress progress;
    private byte[] buffer = NOTHING;
    private int at;
    private Stage stage = Stage.HEAD;
    private boolean last;
    private long left;
    private ChunkScanner chunks = new ChunkScanner();

    /// A head that waits for the engine that answers it.
    private byte @Nullable [] held;

    /// @param source blocks until there are bytes; returns null at the end
    public RequestBytes(Supplier<byte @Nullable []> source, Progress progress) {
        this.source = requireNonNull(source, "source is null");
        this.progress = requireNonNull(progress, "progress is null");
    }

    /// Passes all further bytes on unchanged: they belong to another protocol.
    public void upgraded() {
        stage = Stage.UPGRADED;
    }

    /// Accepts no request after this one.
    public void endAfterThis() {
        last = true;
    }

    /// Whether the last head waits for another engine, which receives it from the next [#get].
    public boolean isHolding() {
        return held != null;
    }

    /// @throws CloseConnectionException when a request was refused and answered, or when it [waits][#isHolding()] for
    ///                                  another engine than the caller
    @Override
    public byte @Nullable [] get() {
        byte[] first = held;
        if (first != null) {
            held = null;
            return first;
        }
        try {
            byte[] next = switch (stage) {
                case HEAD -> head();
                case LENGTH -> body();
                case CHUNKS -> chunk();
                case UPGRADED -> at < buffer.length ? rest() : source.get();
                case ENDED -> null;
            };
            if (next == null) {
                stage = Stage.ENDED;
            }
            return next;
        } catch (RefusedRequestException e) {
            stage = Stage.ENDED;
            progress.refused(e);
            throw new CloseConnectionException("the request was refused");
        }
    }

    private byte @Nullable [] head() throws RefusedRequestException {
        if (last || !progress.awaitsRequest()) {
            return null;
        }
        HeadScanner scanner = HeadScanner.ofRequest();
        boolean begun = false;
        while (!scanner.isComplete()) {
            if (!fill()) {
                return null;
            }
            if (!begun) {
                begun = true;
                progress.requestBegins();
            }
            at += scanner.take(buffer, at, buffer.length);
        }
        RequestHead head = HeadParser.parse(scanner.lines());
        last = !head.keepAlive();
        progress.requested(head);
        switch (head.framing()) {
            case Framing.None _ -> stage = Stage.HEAD;
            case Framing.Length(long bytes) -> {
                left = bytes;
                stage = Stage.LENGTH;
            }
            case Framing.Chunked _ -> {
                chunks = new ChunkScanner();
                stage = Stage.CHUNKS;
            }
        }
        byte[] canonical = head.canonical();
        if (!progress.isAnsweredHere()) {
            held = canonical;
            throw new CloseConnectionException("another engine answers the request");
        }
        return canonical;
    }

    private byte[] body() throws RefusedRequestException {
        requireMore();
        byte[] some = take(left);
        left -= some.length;
        if (left == 0) {
            endBody();
        }
        return some;
    }

    private byte[] chunk() throws RefusedRequestException {
        while (chunks.dataLeft() == 0) {
            requireMore();
            at += chunks.take(buffer, at, buffer.length);
            if (chunks.isOver()) {
                endBody();
                return LAST_CHUNK.clone();
            }
        }
        requireMore();
        byte[] data = take(chunks.dataLeft());
        chunks.took(data.length);
        return chunk(data);
    }

    private static byte[] chunk(byte[] data) {
        byte[] size = (Integer.toHexString(data.length) + "\r\n").getBytes(US_ASCII);
        byte[] chunk = Arrays.copyOf(size, size.length + data.length + 2);
        System.arraycopy(data, 0, chunk, size.length, data.length);
        chunk[chunk.length - 2] = '\r';
        chunk[chunk.length - 1] = '\n';
        return chunk;
    }

    private void requireMore() throws RefusedRequestException {
        if (!fill()) {
            throw RefusedRequestException.malformed("its body ends too early");
        }
    }

    private void endBody() {
        stage = Stage.HEAD;
        progress.bodyEnds();
    }

    private byte[] rest() {
        byte[] rest = take(Long.MAX_VALUE);
        at = 0;
        buffer = NOTHING;
        return rest;
    }

    private byte[] take(long atMost) {
        int count = (int) Math.min(atMost, buffer.length - at);
        byte[] taken = Arrays.copyOfRange(buffer, at, at + count);
        at += count;
        return taken;
    }

    /// Fills the buffer, blocking if it is empty. Returns whether it has bytes.
    private boolean fill() {
        if (at < buffer.length) {
            return true;
        }
        at = 0;
        buffer = NOTHING;
        progress.blocked(true);
        byte[] next = source.get();
        progress.blocked(false);
        if (next == null) {
            return false;
        }
        buffer = next;
        return next.length > 0 || fill();
    }
}
