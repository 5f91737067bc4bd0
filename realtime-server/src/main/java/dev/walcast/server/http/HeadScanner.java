package dev.walcast.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.walcast.server.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Collects the lines of a request's head or of a trailer. Checks each byte before it keeps it. So the memory that a
/// client can use is bounded, and bytes that two readers could read differently are refused.
public final class HeadScanner {
    /// The longest request line, in bytes.
    public static final int REQUEST_LINE_BYTES_MAX = 16 * 1024;
    /// The most bytes of all header fields together.
    public static final int FIELDS_BYTES_MAX = 16 * 1024;
    static final int FIELDS_MAX = 128;
    private static final int EMPTY_LINES_MAX = 1;

    private final List<String> lines = new ArrayList<>();
    private final boolean hasRequestLine;
    private byte[] line = new byte[128];
    private int length;
    private int fieldsBytes;
    private int emptyLines;
    private boolean afterCarriageReturn;
    private boolean complete;

    private HeadScanner(boolean hasRequestLine) {
        this.hasRequestLine = hasRequestLine;
    }

    static HeadScanner ofRequest() {
        return new HeadScanner(true);
    }

    /// For the fields after a chunked body.
    static HeadScanner ofTrailer() {
        return new HeadScanner(false);
    }

    boolean isComplete() {
        return complete;
    }

    /// The lines without their ends and without empty lines.
    List<String> lines() {
        return lines;
    }

    /// @return how many bytes were consumed; fewer than given when the head is complete
    int take(byte[] from, int start, int end) throws RefusedRequestException {
        int at = start;
        while (at < end && !complete) {
            take(from[at] & 0xFF);
            at++;
        }
        return at - start;
    }

    private void take(int c) throws RefusedRequestException {
        if (afterCarriageReturn) {
            if (c != '\n') {
                throw RefusedRequestException.malformed("a carriage return without a line feed");
            }
            afterCarriageReturn = false;
            endLine();
        } else if (c == '\r') {
            afterCarriageReturn = true;
        } else if (c == '\n') {
            throw RefusedRequestException.malformed("a line feed without a carriage return");
        } else {
            keep(c);
        }
    }

    private boolean isInRequestLine() {
        return hasRequestLine && lines.isEmpty();
    }

    private void keep(int c) throws RefusedRequestException {
        boolean allowed = isInRequestLine() ? c >= ' ' && c < 0x7F : (c >= ' ' && c != 0x7F) || c == '\t';
        if (!allowed) {
            throw RefusedRequestException.malformed("a character that its head may not hold");
        }
        if (isInRequestLine()) {
            if (length >= REQUEST_LINE_BYTES_MAX) {
                throw new RefusedRequestException(ErrorCode.REQUEST_LINE_TOO_LONG.refusal(REQUEST_LINE_BYTES_MAX));
            }
        } else if (++fieldsBytes > FIELDS_BYTES_MAX) {
            throw tooLarge();
        }
        if (length == line.length) {
            line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = (byte) c;
    }

    private void endLine() throws RefusedRequestException {
        if (length > 0) {
            lines.add(new String(line, 0, length, ISO_8859_1));
            length = 0;
            if (lines.size() > FIELDS_MAX + 1) {
                throw tooLarge();
            }
        } else if (!isInRequestLine()) {
            complete = true;
        } else if (++emptyLines > EMPTY_LINES_MAX) {
            throw RefusedRequestException.malformed("it begins with empty lines");
        }
    }

    private static RefusedRequestException tooLarge() {
        return new RefusedRequestException(ErrorCode.REQUEST_HEAD_TOO_LARGE.refusal(FIELDS_MAX, FIELDS_BYTES_MAX));
    }
}
