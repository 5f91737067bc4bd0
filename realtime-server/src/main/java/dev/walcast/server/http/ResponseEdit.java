package dev.walcast.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

/// Edits a response for a client of HTTP/1.0, or for a HEAD request. A chunked body becomes one that ends with the
/// connection.
final class ResponseEdit implements ResponseFilter {
    private static final byte[] HEAD_END = {'\r', '\n', '\r', '\n'};

    private final boolean http10;
    private final boolean dropBody;
    private final Runnable endAfterThis;
    private final ByteArrayOutputStream head = new ByteArrayOutputStream(512);
    private int matched;
    private boolean chunked;
    private final ChunkScanner chunks = new ChunkScanner();

    ResponseEdit(boolean http10, boolean dropBody, Runnable endAfterThis) {
        this.http10 = http10;
        this.dropBody = dropBody;
        this.endAfterThis = requireNonNull(endAfterThis, "endAfterThis is null");
    }

    @Override
    public BufferData apply(BufferData buffer) {
        byte[] bytes = buffer.readBytes();
        ByteArrayOutputStream edited = new ByteArrayOutputStream(bytes.length);
        int at = 0;
        while (matched < HEAD_END.length && at < bytes.length) {
            at = takeHead(bytes, at);
            if (matched == HEAD_END.length) {
                boolean isInterim = ResponseBytes.isInterim(BufferData.create(head.toByteArray()));
                edited.writeBytes(isInterim ? interim() : editedHead());
            }
        }
        if (matched == HEAD_END.length && !dropBody) {
            if (chunked) {
                takeChunks(bytes, at, edited);
            } else {
                edited.write(bytes, at, bytes.length - at);
            }
        }
        return BufferData.create(edited.toByteArray());
    }

    /// @return the index after the head, or after the bytes when the head is incomplete
    private int takeHead(byte[] bytes, int from) {
        int at = from;
        while (at < bytes.length && matched < HEAD_END.length) {
            byte b = bytes[at++];
            head.write(b);
            matched = b == HEAD_END[matched] ? matched + 1 : b == '\r' ? 1 : 0;
        }
        return at;
    }

    /// The interim head unchanged; empty for HTTP/1.0, which has none. The final head follows.
    private byte[] interim() {
        byte[] bytes = http10 ? new byte[0] : head.toByteArray();
        head.reset();
        matched = 0;
        return bytes;
    }

    private byte[] editedHead() {
        List<String> lines = new ArrayList<>(List.of(head.toString(ISO_8859_1).split("\r\n", -1)));
        lines.removeIf(String::isEmpty);
        chunked = lines.removeIf(line -> line.regionMatches(true, 0, "Transfer-Encoding:", 0, 18));
        if (chunked && !dropBody) {
            lines.removeIf(line -> line.regionMatches(true, 0, "Connection:", 0, 11));
            lines.add("Connection: close");
            endAfterThis.run();
        }
        return (String.join("\r\n", lines) + "\r\n\r\n").getBytes(ISO_8859_1);
    }

    private void takeChunks(byte[] bytes, int start, ByteArrayOutputStream data) {
        int at = start;
        try {
            while (at < bytes.length && !chunks.isOver()) {
                int count = (int) Math.min(chunks.dataLeft(), bytes.length - at);
                if (count > 0) {
                    data.write(bytes, at, count);
                    chunks.took(count);
                    at += count;
                } else {
                    at += chunks.take(bytes, at, bytes.length);
                }
            }
        } catch (RefusedRequestException e) {
            throw new IllegalStateException("the engine's chunks are malformed", e);
        }
    }
}
