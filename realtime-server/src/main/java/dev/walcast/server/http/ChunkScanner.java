package dev.walcast.server.http;

import static dev.walcast.server.http.RefusedRequestException.malformed;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the data in a chunked body. Validates and drops extensions and trailers.
final class ChunkScanner {
    private static final int LINE_BYTES_MAX = 256;
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]++";
    private static final Pattern SIZE_LINE = Pattern.compile("([0-9A-Fa-f]{1,16}+)(?:[ \\t]*+;[ \\t]*+" + TOKEN
            + "(?:[ \\t]*+=[ \\t]*+(?:" + TOKEN + "|\"(?:[^\"\\\\]|\\\\.)*+\"))?+)*+");

    private enum Stage {
        SIZE,
        SIZE_END,
        DATA,
        DATA_CARRIAGE_RETURN,
        DATA_LINE_FEED,
        TRAILER,
        OVER
    }

    private final StringBuilder sizeLine = new StringBuilder();
    private final HeadScanner trailer = HeadScanner.ofTrailer();
    private Stage stage = Stage.SIZE;
    private long left;

    boolean isOver() {
        return stage == Stage.OVER;
    }

    /// How many bytes of data come next; 0 when framing comes next.
    long dataLeft() {
        return stage == Stage.DATA ? left : 0;
    }

    /// Records that this many bytes of data were taken.
    void took(int bytes) {
        left -= bytes;
        if (left == 0) {
            stage = Stage.DATA_CARRIAGE_RETURN;
        }
    }

    /// Consumes framing, up to the next data or the end of the body.
    ///
    /// @return how many bytes were consumed
    int take(byte[] from, int start, int end) throws RefusedRequestException {
        int at = start;
        while (at < end && stage != Stage.DATA && stage != Stage.OVER) {
            if (stage == Stage.TRAILER) {
                at += takeTrailer(from, at, end);
            } else {
                take(from[at] & 0xFF);
                at++;
            }
        }
        return at - start;
    }

    private int takeTrailer(byte[] from, int at, int end) throws RefusedRequestException {
        int taken = trailer.take(from, at, end);
        if (trailer.isComplete()) {
            for (String line : trailer.lines()) {
                Field.parse(line);
            }
            stage = Stage.OVER;
        }
        return taken;
    }

    private void take(int c) throws RefusedRequestException {
        switch (stage) {
            case SIZE -> takeSize(c);
            case SIZE_END -> {
                demand(c == '\n');
                beginChunk();
            }
            case DATA_CARRIAGE_RETURN -> {
                demand(c == '\r');
                stage = Stage.DATA_LINE_FEED;
            }
            case DATA_LINE_FEED -> {
                demand(c == '\n');
                stage = Stage.SIZE;
            }
            case DATA, TRAILER, OVER -> throw new IllegalStateException("not a byte of the framing");
        }
    }

    private void takeSize(int c) throws RefusedRequestException {
        if (c == '\r') {
            stage = Stage.SIZE_END;
            return;
        }
        demand((c >= ' ' && c < 0x7F) || c == '\t');
        demand(sizeLine.length() < LINE_BYTES_MAX);
        sizeLine.append((char) c);
    }

    private void beginChunk() throws RefusedRequestException {
        Matcher matcher = SIZE_LINE.matcher(sizeLine);
        demand(matcher.matches());
        left = Long.parseUnsignedLong(matcher.group(1), 16);
        demand(left >= 0 && left <= Integer.MAX_VALUE);
        sizeLine.setLength(0);
        stage = left == 0 ? Stage.TRAILER : Stage.DATA;
    }

    private static void demand(boolean holds) throws RefusedRequestException {
        if (!holds) {
            throw malformed("a chunk of its body cannot be read");
        }
    }
}
